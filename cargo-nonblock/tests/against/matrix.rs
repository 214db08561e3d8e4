//! The operations of the detection matrix, each by itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::run::{check, compared, entries, folder, summary, watched, workspace};

/// The names of the operations, by the table of what is expected of them.
fn operations() -> Vec<String> {
    let table = workspace().join("examples/detection_matrix/expected.tsv");
    let table = fs::read_to_string(table).expect("the table");
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').nth(1).expect("an operation").to_owned()).collect()
}

/// They all run in one section, which reaches everything. So each function of theirs is checked by itself: the closure that an operation
/// is, and what it calls.
#[test]
fn no_call_is_seen_in_what_is_proved_of_the_detection_matrix() {
    let arguments = [
        // As `.ci/run` has the other examples checked: what they need is built once.
        "--workspace",
        "--example",
        "detection_matrix",
        "--entry",
        "detection_matrix::matrix::operations::*",
        "--offline",
        "--locked",
    ];
    let root = workspace();
    let (_, report) = check(&root, &arguments);
    let program = root.join(&report.programs[0].program);
    let program = program.canonicalize().expect("it was built");
    let own = folder("matrix");
    let trace = own.join("trace.jsonl");
    let _ = fs::remove_file(&trace);
    let operations = operations();
    assert!(operations.len() > 100, "{} operations", operations.len());
    for operation in &operations {
        run(&program, operation, &own, &trace);
    }
    let (report, against) = compared(&root, &arguments, &trace);
    println!("{}", summary(&report, &against));
    // The section in which all of them run, and nothing else, is where calls were seen.
    assert!(against.not_checked.is_empty(), "{:#?}", against.not_checked);
    let calls = usize::try_from(against.compared).expect("it is a number of lines");
    assert!(calls > operations.len() / 2, "{calls} calls");
    let proved: BTreeSet<_> = entries(&report)
        .filter(|entry| entry.result == "proved")
        .map(|entry| entry.function.as_str())
        .collect();
    assert!(!proved.is_empty(), "nothing was proved, so nothing could be contradicted");
}

/// Each has a folder for itself, which is gone afterwards.
fn run(program: &Path, operation: &str, own: &Path, trace: &Path) {
    let scratch = tempfile::tempdir_in(own).expect("a folder");
    let mut command = Command::new(program);
    command.args(["--one", operation, "--layer", "none", "--result"]);
    command.arg(scratch.path().join("result"));
    command.current_dir(scratch.path()).env("TMPDIR", scratch.path());
    let (code, errors) = watched(&mut command, trace);
    assert_eq!(code, Some(0), "{operation}: {errors}");
}
