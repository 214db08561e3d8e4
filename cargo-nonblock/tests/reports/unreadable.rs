//! Several programs, of which one cannot be read: the others are checked all the same, and each form of the report says so.

use std::fs;

use cargo_nonblock::report::json::Report;
use scraper::Html;
use serde_json::Value;

use super::html::{selected, text};
use super::sarif::faults;
use super::support::{exits, file, folder, nonblock};

fn check(name: &str, entry: &str, arguments: &[&str], code: i32) -> String {
    let damaged = file(name, "\u{7f}ELF<i>");
    let begin = ["check", &damaged, "sleeps", "--no-sections", "--no-cache", "--entry", entry];
    exits(&nonblock(&[&begin[..], arguments].concat()), code)
}

#[test]
fn the_other_programs_are_checked_and_nothing_is_proved_of_all() {
    let text = check("unreadable_human", "computes", &[], 2);
    for says in [
        "\nresult: proved: 1 proved, 0 not proved, 0 that reach what they must not\n",
        "unreadable_human: the file is damaged: it ends within its header. Build it anew\n",
        "\nall of 2 programs: not proved: 1 proved, 0 not proved, 0 that reach what they must not, 1 program that cannot be read\n",
    ] {
        assert!(text.contains(says), "{says:?} is not in: {text}");
    }
    // What is worse counts more.
    check("unreadable_worse", "process", &[], 1);
}

#[test]
fn it_is_in_json() {
    let text = check("unreadable_json", "computes", &["--format", "json"], 2);
    let report: Report = serde_json::from_str(&text).expect("it has the documented fields");
    assert_eq!((&*report.result, report.programs.len()), ("not proved", 1));
    let [unreadable] = &report.unreadable[..] else { panic!("{text}") };
    assert!(unreadable.program.ends_with("unreadable_json"), "{}", unreadable.program);
    assert!(unreadable.error.contains("damaged"), "{}", unreadable.error);
}

#[test]
fn it_is_a_notification_in_sarif() {
    let text = check("unreadable_sarif", "computes", &["--format", "sarif"], 2);
    let report: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(faults(&report), Vec::<String>::new());
    let invocation = &report["runs"][0]["invocations"][0];
    assert_eq!(
        (&invocation["executionSuccessful"], &invocation["exitCode"]),
        (&false.into(), &2.into())
    );
    let note = &invocation["toolExecutionNotifications"][0];
    assert_eq!(
        (&note["descriptor"]["id"], &note["level"]),
        (&"cannot-read".into(), &"error".into())
    );
    assert!(
        note["message"]["text"].as_str().is_some_and(|said| said.contains("damaged")),
        "{note}"
    );
}

#[test]
fn it_is_on_the_page() {
    let source = check("unreadable_html", "computes", &["--format", "html"], 2);
    let page = Html::parse_document(&source);
    assert_eq!(page.errors, Vec::<String>::new());
    let [part] = selected(&page, ".unreadable")[..] else { panic!("{source}") };
    assert!(text(part).contains("the file is damaged"), "{}", text(part));
    assert_eq!(text(selected(&page, ".top .badge")[0]), "not proved");
}

/// A baseline that is brought up to date would lose what it has of the program.
#[test]
fn a_baseline_is_not_brought_up_to_date() {
    let line = "section\tclass\twhat\tcaller\treason\ngone::f\tsleep\tread\tgone::g\tOnce.\n";
    let baseline = file("unreadable_baseline.tsv", line);
    let update = ["--baseline", &baseline, "--update-baseline"];
    let text = check("unreadable_update", "process", &update, 2);
    assert!(text.contains("the baseline stays as it is"), "{text}");
    assert_eq!(fs::read_to_string(&baseline).expect("it is there"), line);
    // Nor is anything said to be gone that the program may have.
    let text = check("unreadable_known", "computes", &["--baseline", &baseline], 2);
    assert!(!text.contains("no longer found"), "{text}");
}

/// A wrong name is a mistake of the command's, and not a program that cannot be read.
#[test]
fn a_file_that_is_not_there_ends_the_command() {
    let text = exits(&nonblock(&["check", "sleeps", "none"]), 3);
    assert!(text.contains("cannot read none"), "{text}");
    let text = exits(&nonblock(&["check", "sleeps", &folder().display().to_string()]), 3);
    assert!(text.contains("is a folder"), "{text}");
}
