//! What came of the comparison with a run, in each form of the report.

use std::fs;

use cargo_nonblock::report::json::{Report, Section};
use scraper::Html;
use serde_json::Value;

use super::html::{browser, dom, selected, text};
use super::sarif::{faults, results};
use super::support::{check, exits, file, folder};

/// A line as the watch writes it: a call by a chain of functions, the innermost first.
fn line(system_call: &str, section: (&str, u32), functions: &[&str]) -> String {
    let frames = functions.iter().map(|function| {
        let function = Value::from(*function);
        format!(r#"{{"address":1,"function":{function},"file":"src/<b>.rs","line":7}}"#)
    });
    let frames = frames.collect::<Vec<_>>().join(",");
    let (file, line) = section;
    format!(
        r#"{{"kind":"SyscallInNonBlock","section":{{"file":"{file}","line":{line}}},"found":"","system_call":"{system_call}","slept":true,"nanoseconds":1,"occurrence":1,"user_frame":null,"frames":[{frames}]}}"#
    )
}

/// A run with a call in what was proved, which came twice, and one in a section that nobody checks.
fn trace(name: &str) -> String {
    let twice = line("ppoll", ("gone.rs", 1), &["poll", "deep<b>", "computes", "main"]);
    let elsewhere = line("read", ("else<i>where.rs", 9), &["read", "other"]);
    file(&format!("{name}.jsonl"), &[&*twice, &twice, &elsewhere, ""].join("\n"))
}

fn compared(name: &str, format: &str) -> String {
    let trace = trace(name);
    let arguments = ["--entry", "computes", "--entry", "process", "--against", &trace];
    exits(&check(&[&arguments[..], &["--format", format]].concat()), 4)
}

/// A program that was built with the older mangling calls each closure by the same name.
#[test]
fn what_could_be_compared_by_its_line_only_is_counted() {
    let calls = [
        line("ppoll", ("gone.rs", 1), &["poll", "sleeps::main::{{closure}}", "main"]),
        line("ppoll", ("gone.rs", 1), &["poll", "sleeps::main::{closure#0}", "main"]),
    ];
    let trace = file("against_old_names.jsonl", &calls.join("\n"));
    let arguments = ["--entry", "computes", "--against", &trace];
    let text = exits(&check(&arguments), 0);
    let sum = "against the run: 2 calls compared, 1 of which by the section's line only, since";
    assert!(text.contains(sum), "{text}");
    let text = exits(&check(&[&arguments[..], &["--format", "json"]].concat()), 0);
    let report: Report = serde_json::from_str(&text).expect("it is the report");
    assert_eq!(report.against.expect("it was compared").by_line_only, 1);
}

#[test]
fn a_report_for_people_ends_with_the_comparison() {
    let text = compared("against_human", "human");
    let (_, block) = text.split_once("\nresult: ").expect("the result");
    for says in [
        "\nCONTRADICTION: a run shows a blocking call in what was proved\n",
        "expected: no call that may sleep, in the function computes at sleeps.rs:",
        ", which was proved\nfound: the watch saw the system call ppoll, 2 times, and the thread slept in it\n",
        "program: sleeps\ncalls, as the watch saw them:\n   0: computes\n             at src/<b>.rs:7\n   1: deep<b>\n",
        "   2: poll\n",
        "help: look first whether an assumption is broken: a line of `--rules`",
        "please report it, with the program and the trace\n",
        "\nnot shown by the run: the function process at sleeps.rs:",
        ", which reaches std::thread::functions::sleep\n",
        "\nseen, and not checked: read, 1 time, in the section at else<i>where.rs:9\n",
        "\nagainst the run: 3 calls compared: 1 contradiction, 1 section that reaches something showed no call, 1 call in sections that were not checked\n",
    ] {
        assert!(block.contains(says), "{says:?} is not in: {block}");
    }
    // What lies around the section is no part of the way.
    assert!(!block.contains("main"), "{block}");
}

/// A run that shows what was found, and nothing else, leaves a line that says so.
#[test]
fn a_run_that_shows_what_was_found_is_said_to() {
    let seen =
        line("clock_nanosleep", ("x.rs", 1), &["clock_nanosleep", "sleeps::relay", "process"]);
    let trace = file("against_shown.jsonl", &seen);
    let text = exits(&check(&["--entry", "process", "--against", &trace]), 1);
    assert!(text.ends_with("against the run: 1 call compared: 0 contradictions, 0 sections that reach something showed no call, 0 calls in sections that were not checked\n"), "{text}");
    assert!(!text.contains("CONTRADICTION"), "{text}");
}

#[test]
fn the_comparison_is_in_json_as_documented() {
    let report: Report = serde_json::from_str(&compared("against_json", "json"))
        .expect("it has the documented fields");
    let against = report.against.expect("it was asked for");
    assert_eq!(against.compared, 3);
    let [contradiction] = &against.contradictions[..] else { panic!("{against:#?}") };
    let Section { program, kind, function, place } = &contradiction.section;
    assert_eq!((&**program, &**kind, &**function), ("sleeps", "named", "computes"));
    assert_eq!(place.as_ref().map(|place| &*place.file), Some("sleeps.rs"));
    assert_eq!(
        (&*contradiction.system_call, contradiction.slept, contradiction.times),
        ("ppoll", true, 2)
    );
    let functions = contradiction.frames.iter().map(|frame| frame.function.as_deref());
    assert_eq!(functions.collect::<Vec<_>>(), [Some("computes"), Some("deep<b>"), Some("poll")]);
    assert_eq!(contradiction.frames[0].place.as_deref(), Some("src/<b>.rs:7"));
    assert_eq!(against.not_shown[0].section.function, "process");
    assert_eq!(against.not_shown[0].reaches, ["std::thread::functions::sleep"]);
    let not_checked = &against.not_checked[0];
    assert_eq!(
        (&*not_checked.file, not_checked.line, &*not_checked.system_call),
        ("else<i>where.rs", 9, "read")
    );
    let text = exits(&check(&["--entry", "computes", "--format", "json"]), 0);
    let report: Report = serde_json::from_str(&text).expect("it has the documented fields");
    assert_eq!(report.against, None);
}

#[test]
fn a_contradiction_is_a_result_of_its_own_in_sarif() {
    let report: Value =
        serde_json::from_str(&compared("against_sarif", "sarif")).expect("it is JSON");
    assert_eq!(faults(&report), Vec::<String>::new());
    let rules = report["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
    let mut found = results(&report).iter().filter(|result| result["ruleId"] == "contradiction");
    let result = found.next().expect("a result");
    assert!(found.next().is_none());
    let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("an index");
    assert_eq!(rules[index]["id"], "contradiction");
    assert_eq!((&result["level"], &result["kind"]), (&"error".into(), &"fail".into()));
    let said = result["message"]["text"].as_str().expect("a text");
    assert!(said.starts_with("The function computes at sleeps.rs:"), "{said}");
    assert!(said.ends_with("was proved, and the watch saw the system call ppoll, 2 times, and the thread slept in it."), "{said}");
    let frames = result["stacks"][0]["frames"].as_array().expect("frames");
    let name = |at: usize| &frames[at]["location"]["logicalLocations"][0]["fullyQualifiedName"];
    assert_eq!((frames.len(), name(0), name(2)), (3, &"poll".into(), &"computes".into()));
    assert!(result["partialFingerprints"]["primaryLocationLineHash"].is_string());
    let invocation = &report["runs"][0]["invocations"][0];
    assert_eq!(invocation["exitCode"], 4);
    let notes = invocation["toolExecutionNotifications"].as_array().expect("notifications");
    let ids: Vec<_> = notes.iter().filter_map(|note| note["descriptor"]["id"].as_str()).collect();
    assert_eq!(ids, ["not-shown", "not-checked"]);
    let all = report["runs"][0]["tool"]["driver"]["notifications"].as_array().expect("a list");
    for note in notes {
        let index = usize::try_from(note["descriptor"]["index"].as_u64().expect("a number"));
        assert_eq!(all[index.expect("an index")]["id"], note["descriptor"]["id"]);
    }
}

#[test]
fn a_page_has_a_part_for_the_comparison() {
    let source = compared("against_html", "html");
    let page = Html::parse_document(&source);
    assert_eq!(page.errors, Vec::<String>::new());
    let one = |selector: &str| {
        let found = selected(&page, selector);
        assert_eq!(found.len(), 1, "{selector}");
        text(found[0])
    };
    assert_eq!(one(".against > h2"), "contradiction Against the run");
    assert!(one(".against > .sum").starts_with("3 calls compared: 1 contradiction, "));
    assert_eq!(one(".contradiction > summary > code"), "computes");
    assert!(one(".contradiction .help").contains("please report it"));
    let frames: Vec<_> = selected(&page, ".frames > li > code").into_iter().map(text).collect();
    assert_eq!(frames, ["computes", "deep<b>", "poll"]);
    let lists: Vec<_> =
        selected(&page, ".against .absent > summary").into_iter().map(text).collect();
    assert_eq!(lists.len(), 2, "{lists:?}");
    let items: Vec<_> = selected(&page, ".against .absent li").into_iter().map(text).collect();
    assert!(items[0].starts_with("process sleeps.rs:"), "{items:?}");
    assert_eq!(items[1], "read, 1 time, in the section at else<i>where.rs:9");
    // Without a run there is no such part.
    let source = exits(&check(&["--entry", "computes", "--format", "html"]), 0);
    assert!(selected(&Html::parse_document(&source), ".against").is_empty());
}

/// What the page does with it in a browser.
const STEPS: &str = r#"
<script>
const part = document.querySelector(".contradiction");
const steps = { open: part.open, seen: part.getClientRects().length > 0 };
document.getElementById("fold").click();
steps.folded = part.open;
document.getElementById("open").click();
steps.opened = document.querySelectorAll(".against details:not([open])").length;
steps.overflow = document.documentElement.scrollWidth > document.documentElement.clientWidth;
const result = document.createElement("pre");
result.id = "steps";
result.textContent = JSON.stringify(steps);
document.body.append(result);
</script>
"#;

#[test]
fn a_browser_folds_a_contradiction() {
    let Some(browser) = browser() else {
        println!("no chromium is installed: skipped, but for what the other tests see in the page");
        return;
    };
    let source = compared("against_browser", "html");
    let page = folder().join("against.html");
    fs::write(&page, source.replace("</body>", &format!("{STEPS}</body>")))
        .expect("it can be written");
    for width in [1600, 500] {
        let page = dom(&browser, &page, width, "");
        let steps: Value = serde_json::from_str(&text(selected(&page, "#steps")[0])).expect("JSON");
        let expected = serde_json::json!({
            "open": true, "seen": true, "folded": false, "opened": 0, "overflow": false
        });
        assert_eq!(steps, expected, "at {width}");
    }
}
