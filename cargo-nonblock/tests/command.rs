//! The command line: rules, baselines, `why`, where the report goes, and the exit codes.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod support;

use std::fs;
use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use support::{check, command, exits, file, folder, nonblock};

#[test]
fn the_exit_code_says_what_came_out() {
    exits(&check(&["--entry", "computes"]), 0);
    let text = exits(&check(&["--entry", "process"]), 1);
    assert!(text.contains("BUG: sleeping function reachable from invalid context"), "{text}");
    assert!(text.contains("found: a call that may sleep: std::thread::functions::sleep"), "{text}");
    assert!(text.contains("sleeps::relay"), "{text}");
    let text = exits(&check(&["--entry", "no_such_function"]), 2);
    assert!(text.contains("No function in the program fits `no_such_function`"), "{text}");
    exits(&nonblock(&["--help"]), 0);
}

/// Each mistake ends with exit code 3 and says what to do.
#[test]
fn who_calls_it_wrongly_is_told_what_to_do() {
    let wrong_rules =
        file("wrong_rules.tsv", "pattern\tclass\treason\nrelay\tallows\tIt is fine.\n");
    let no_reason = file("no_reason.tsv", "pattern\tclass\treason\nrelay\tpermits\t\n");
    let one_pattern = file("one_pattern.tsv", "pattern\tclass\treason\nrelay\tsuppresses\tFine.\n");
    let contradicts = file(
        "contradicts.tsv",
        "pattern\tclass\treason\nrelay\tblocks\tIt waits.\nrelay\tharmless\tIt does not.\n",
    );
    let wrong_baseline = file("wrong_baseline.tsv", "what\tever\n");
    for (arguments, says) in [
        (&["check", "--no-such-option"][..], "unexpected argument '--no-such-option'"),
        (&[], "Usage: cargo nonblock"),
        (&["chekc"], "a similar subcommand exists: 'check'"),
        (&["check", "--no-sections"], "name a function with `--entry`"),
        (&["check", "sleeps", "--deny", "locks"], "write `alloc` or `panic`"),
        (&["check", "sleeps", "--format", "xml"], "[possible values: human, json, sarif, html]"),
        (&["check", "sleeps", "--color", "sometimes"], "[possible values: auto, always, never]"),
        (&["check", "sleeps", "--bin", "a"], "leave out the file to have cargo build"),
        (&["check", "sleeps", "--update-baseline"], "`--update-baseline` needs `--baseline FILE`"),
        (&["check", "sleeps", "--baseline", "none.tsv"], "`--update-baseline` writes it"),
        (
            &["check", "sleeps", "--baseline", &wrong_baseline],
            "the first line is not `section<tab>",
        ),
        (&["check", "sleeps", "--rules", "none.tsv"], "cannot read none.tsv"),
        (
            &["check", "sleeps", "--rules", &wrong_rules],
            "no class is called `allows`: write `blocks`",
        ),
        (&["check", "sleeps", "--rules", &no_reason], "line 2: a rule has a pattern and a reason"),
        (&["check", "sleeps", "--rules", &one_pattern], "written `ENTRY => LEAF`"),
        (&["check", "sleeps", "--rules", &contradicts], "`relay` has the class `blocks` already"),
        (&["check", "sleeps", "--rules", "/dev/zero"], "it is larger than 256 MiB"),
        (&["check", "/dev/zero"], "cannot read /dev/zero: it is no file"),
        (&["check", "sleeps", "--entry", ""], "`--entry` names a function"),
        (&["check", "sleeps", "--output", "no/folder/x"], "Give `--output` a file in a folder"),
        (&["check", "none"], "cannot read none"),
        (&["check", "."], "is a folder"),
        (&["check", "sleeps", "--against", "none.jsonl"], "cannot read none.jsonl"),
        (&["why", "process"], "<LEAF>"),
        (&["why", "process", "read", "sleeps", "--format", "sarif"], "`check --format sarif`"),
        (&["why", "process", "read", "sleeps", "--most", "0"], "at least one chain"),
    ] {
        let text = exits(&nonblock(arguments), 3);
        assert!(text.contains(says), "{arguments:?} says: {text}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_no_success() {
    let output = command(&["check", "sleeps", "--entry", "computes"])
        .stdout(File::options().write(true).open("/dev/full").expect("a device"))
        .output()
        .expect("it can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot write the report to standard output"), "{said}");
}

#[test]
fn timings_name_each_part() {
    let text = exits(&check(&["--entry", "computes", "--timings"]), 0);
    for part in ["reading the program", "finding sections", "following calls"] {
        assert!(text.contains(&format!(" s {part}")), "{text}");
    }
}

#[test]
fn a_rule_cuts_a_way_and_is_listed() {
    let rules = file(
        "rules.tsv",
        "pattern\tclass\treason\nsleeps::relay\tpermits\tIt was looked at.\nunused\tpermits\tNobody.\n",
    );
    let text = exits(&check(&["--entry", "process", "--rules", &rules]), 0);
    assert!(
        text.contains("assumed (permits sleeps::relay): It was looked at. [cut 1 way]"),
        "{text}"
    );
    assert!(text.contains("assumed (permits unused): Nobody. [no way needed it]"), "{text}");
    let rules = file(
        "blocks.tsv",
        "pattern\tclass\treason\ncomputes\tblocks\tIt asks a server.\n*black_box\tblocks\tSo it is said.\n",
    );
    let text = exits(&check(&["--entry", "computes", "--rules", &rules]), 1);
    assert!(text.contains("So it is said."), "{text}");
}

/// Where a rule fits what a section calls first, nothing else of it is looked at. What is proved says so.
#[test]
fn what_is_proved_names_the_rules_by_which_less_was_looked_at() {
    let rules =
        file("by_rules.tsv", "pattern\tclass\treason\nsleeps::relay\tpermits\tIt was looked at.\n");
    let arguments =
        ["--entry", "process", "--entry", "computes", "--rules", &rules, "--list-proved"];
    let text = exits(&check(&arguments), 0);
    let proved: Vec<_> = text.lines().filter(|line| line.starts_with("proved: ")).collect();
    let left_out = ", and what these rules leave out: permits sleeps::relay)";
    let with_rule: Vec<_> = proved.iter().filter(|line| line.ends_with(left_out)).collect();
    assert_eq!(proved.len(), 2, "{text}");
    assert!(with_rule.len() == 1 && with_rule[0].contains("process"), "{text}");
}

/// A suppression is of one section and one thing that it reaches. It hides, and proves nothing.
#[test]
fn a_suppression_hides_a_single_finding_and_is_listed_with_what_it_hid() {
    let rules = file(
        "suppressions.tsv",
        "pattern\tclass\treason\n\
         process => std::thread::functions::sleep\tsuppresses\tIt is called at the end.\n\
         process => read\tsuppresses\tThere is none.\n",
    );
    let text = exits(&check(&["--entry", "process", "--rules", &rules, "--list-proved"]), 0);
    for says in [
        "suppressed (process => std::thread::functions::sleep): It is called at the end. [hid 1 finding]",
        "suppressed (process => read): There is none. [hid nothing]",
        "suppressed by the rules, and not counted: 1",
        "result: known: 0 proved",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    assert!(!text.contains("BUG"), "{text}");
    // Another entry finds it as before.
    let text = exits(&check(&["--entry", "*alert('x')*", "--rules", &rules]), 1);
    assert!(
        text.contains(
            "process => std::thread::functions::sleep): It is called at the end. [hid nothing]"
        ),
        "{text}"
    );
    // A call of a computed address is known by the function that makes it.
    let rules = file(
        "suppressed_call.tsv",
        "pattern\tclass\treason\nasks => asks\tsuppresses\tIt is given relay.\n",
    );
    let text = exits(&check(&["--entry", "asks", "--rules", &rules]), 1);
    assert!(text.contains("[hid 1 finding]") && !text.contains("NOT PROVED"), "{text}");
    assert!(text.contains("std::thread::functions::sleep"), "{text}");
}

#[test]
fn what_the_baseline_has_does_not_count_and_is_not_called_proved() {
    let baseline = file("baseline.tsv", "");
    exits(&check(&["--entry", "process", "--baseline", &baseline, "--update-baseline"]), 0);
    let text = exits(&check(&["--entry", "process", "--baseline", &baseline, "--list-proved"]), 0);
    assert!(text.contains("result: known: 0 proved"), "{text}");
    // Something new counts.
    let rules =
        file("new.tsv", "pattern\tclass\treason\nsleeps::relay\tblocks\tIt asks a server.\n");
    let text =
        exits(&check(&["--entry", "process", "--baseline", &baseline, "--rules", &rules]), 1);
    // And what is no longer found is said, so that it does not stay for ever.
    assert!(
        text.contains(
            "no longer found: std::thread::functions::sleep, in process, called by sleeps::relay"
        ),
        "{text}"
    );
}

#[test]
fn the_baselines_reasons_stay_when_it_is_updated() {
    let baseline = file("reasons.tsv", "");
    let update = ["--baseline", &baseline, "--update-baseline"];
    exits(&check(&[&["--entry", "process"], &update[..]].concat()), 0);
    let text = fs::read_to_string(&baseline).expect("it was written");
    let line = text.lines().find(|line| line.starts_with("process\t")).expect("the finding");
    fs::write(&baseline, text.replace(line, &format!("{line}It ends the program.")))
        .expect("it can be written");
    exits(&check(&[&["--entry", "process", "--entry", "*alert('x')*"], &update[..]].concat()), 0);
    let text = fs::read_to_string(&baseline).expect("it was written");
    assert!(text.contains(&format!("{line}It ends the program.\n")), "{text}");
    assert!(text.contains("alert('x')"), "{text}");
}

#[test]
fn why_draws_the_chains_between_two_functions_as_a_tree() {
    let text = exits(&nonblock(&["why", "process", "clock_nanosleep", "sleeps"]), 1);
    let lines = [
        "process",
        "└─ sleeps::relay",
        "   │    called at sleeps.rs:4:27",
        "   └─ std::thread::functions::sleep",
        "      │    called at sleeps.rs:7:14",
    ];
    assert!(text.starts_with(&lines.join("\n")), "{text}");
    assert!(text.contains("└─ clock_nanosleep (the system call clock_nanosleep)\n"), "{text}");
    assert!(text.contains("\n1 chain"), "{text}");
    // Where the locale has no such signs.
    let mut ascii = command(&["why", "process", "clock_nanosleep", "sleeps"]);
    let text = exits(&ascii.env("LC_ALL", "C").output().expect("it can be run"), 1);
    assert!(text.starts_with("process\n`-- sleeps::relay\n    |     called at"), "{text}");
    assert!(text.is_ascii(), "{text}");
    let text = exits(&nonblock(&["why", "computes", "clock_nanosleep", "sleeps"]), 0);
    assert!(text.contains("no way leads"), "{text}");
    // What nothing has is not told from what is not reached, otherwise.
    let text = exits(&nonblock(&["why", "proces", "clock_nanosleep", "sleeps"]), 2);
    assert!(text.contains("no function fits `proces`"), "{text}");
    let text = exits(&nonblock(&["why", "process", "clock_nanosleeps", "sleeps"]), 2);
    assert!(text.contains("nothing that is called fits `clock_nanosleeps`"), "{text}");
}

#[test]
fn each_form_can_be_written_to_a_file() {
    for format in ["human", "json", "sarif", "html"] {
        let path = folder().join(format!("report.{format}"));
        let output = path.display().to_string();
        let printed = check(&["--entry", "process", "--format", format]);
        let written = check(&["--entry", "process", "--format", format, "--output", &output]);
        assert_eq!(exits(&written, 1), "", "{format}");
        let text = fs::read_to_string(&path).expect("it was written");
        assert_eq!(text, exits(&printed, 1), "{format}");
    }
}

/// Runs the command with its outputs in a terminal, and returns what arrives there.
fn in_terminal(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("it is ours");
    unlockpt(&terminal).expect("it can be opened");
    let name = ptsname(&terminal, Vec::new()).expect("it has a name");
    let open = || {
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let end = rustix::fs::open(&name, flags, rustix::fs::Mode::empty());
        Stdio::from(end.expect("its other end"))
    };
    let mut command = command(arguments);
    command.envs(environment.iter().copied()).stdout(open()).stderr(open());
    let mut child = command.spawn().expect("the command can be run");
    // Once nobody has the other end open, reading ends with an error.
    drop(command);
    let (mut text, mut part) = (Vec::new(), [0; 4096]);
    let mut terminal = File::from(terminal);
    while let Ok(length @ 1..) = terminal.read(&mut part) {
        text.extend_from_slice(&part[..length]);
    }
    child.wait().expect("it ends");
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn a_terminal_gets_colours_and_a_file_none() {
    const ESCAPE: char = '\u{1b}';
    let arguments = ["check", "sleeps", "--no-sections", "--entry", "process"];
    let with = |more: [&'static str; 2]| [&arguments[..], &more].concat();
    let terminal = in_terminal(&arguments, &[]);
    assert!(terminal.contains(ESCAPE) && terminal.contains("BUG"), "{terminal}");
    for environment in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let text = in_terminal(&arguments, &[environment]);
        assert!(!text.contains(ESCAPE) && text.contains("BUG"), "{environment:?}: {text}");
    }
    assert!(in_terminal(&with(["--color", "always"]), &[("NO_COLOR", "1")]).contains(ESCAPE));
    assert!(!in_terminal(&with(["--color", "never"]), &[]).contains(ESCAPE));
    assert!(!in_terminal(&with(["--format", "json"]), &[]).contains(ESCAPE));

    assert!(!exits(&nonblock(&arguments), 1).contains(ESCAPE));
    assert!(exits(&nonblock(&with(["--color", "always"])), 1).contains(ESCAPE));
    let forced = command(&arguments).env("CLICOLOR_FORCE", "1").output().expect("it can be run");
    assert!(exits(&forced, 1).contains(ESCAPE));
}
