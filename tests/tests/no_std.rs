//! The core without std: a program that brings its own backend is built, looked through and run; and the
//! core is compiled as a kernel compiles it.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nonblock_tests::fixture::Fixture;
use nonblock_tests::process::{self, Outcome};

const PATIENCE: Duration = Duration::from_mins(2);

/// Builds the program, and returns where it is.
#[track_caller]
fn build(release: bool, features: &str) -> PathBuf {
    // A target folder for each set of features: tests that run at once must not overwrite the program.
    let name =
        format!("{}-{}", if release { "release" } else { "dev" }, features.replace(',', "-"));
    let fixture = Fixture::new("no_std", env!("CARGO_TARGET_TMPDIR")).in_folder(&name);
    let mut arguments = vec!["--features", features];
    if release {
        arguments.push("--release");
    }
    fixture.succeed("build", &arguments);
    fixture.target().join(if release { "release" } else { "debug" }).join("no_std")
}

#[track_caller]
fn run(program: &Path, arguments: &[&str]) -> Outcome {
    process::run(Command::new(program).args(arguments), PATIENCE)
}

/// Whether a binary holds code of std's: its mangled names, in either scheme, or its sources' path.
fn holds_std(binary: &Path) -> bool {
    let bytes = std::fs::read(binary).expect("the binary was built");
    let traces = ["_ZN3std", "3std9panicking", "library/std/src"];
    traces.iter().any(|trace| bytes.windows(trace.len()).any(|window| window == trace.as_bytes()))
}

/// What the program writes, whatever it is built with.
const ALWAYS: &str = "sections: ok\ncontexts: ok\n";

/// What it writes where checks are off.
const NO_CHECKS: &str = "violations: not counted, and no policy acts: checks are off in this build (debug assertions or nonblock's \
feature `checks` turn them on)\n";

/// What it writes where sections are counted.
const COUNTED: &str = "\
BUG: sleeping function called from invalid context at src/scenes.rs:L:C
non_block: 1, tid: 1, name: the only one
expected: a context that may sleep: no section open on this thread
found: a call that may sleep, in the section that began at src/scenes.rs:L:C
help: pass `&mut Sleepable` to what may sleep, if it takes none yet, and the compiler finds this call; in a section try instead of \
waiting, or put the work off
BUG: non_block_end without non_block_start at src/scenes.rs:L:C
non_block: 0, tid: 1, name: the only one
expected: an open section to end
found: none on this thread
help: pair every `non_block_end` with a `non_block_start` on the same thread, or use a closure, which cannot be \
unpaired
violations: 5
  SleepInNonBlock: 4
  UnbalancedEnd: 1
";

/// Puts `L:C` for every line and column in the scenes' file.
fn without_places(text: &str) -> String {
    let file = "src/scenes.rs:";
    let mut parts = text.split(file);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let place = |character: char| character.is_ascii_digit() || character == ':';
        let rest = part.trim_start_matches(place);
        // The colon that follows a place in the list of sites is not the place's.
        let colon = if part[..part.len() - rest.len()].ends_with(':') { ":" } else { "" };
        result.extend([file, "L:C", colon, rest]);
    }
    result
}

/// Runs the program and asserts that it found every rule that it broke.
#[track_caller]
fn assert_counts(program: &Path, more: &str) {
    let outcome = run(program, &[]);
    outcome.assert_success();
    let said = without_places(&outcome.stdout);
    let expected = format!("{ALWAYS}{more}{COUNTED}");
    let sites = said.strip_prefix(&expected).unwrap_or_else(|| panic!("{said}\n!=\n{expected}"));
    let mut sites: Vec<_> = sites.lines().collect();
    assert_eq!(sites.pop(), Some("done"));
    sites.sort_unstable();
    assert_eq!(
        sites,
        [
            "  at src/scenes.rs:L:C: 1 SleepInNonBlock",
            "  at src/scenes.rs:L:C: 1 UnbalancedEnd",
            "  at src/scenes.rs:L:C: 3 SleepInNonBlock",
            "  permitted at src/scenes.rs:L:C: 1 (the program says so)",
        ]
    );
}

#[test]
fn a_program_without_std_counts_and_reports_through_its_own_backend() {
    for release in [false, true] {
        let program = build(release, "checks,backend");
        assert!(!holds_std(&program));
        assert_counts(&program, "");
    }
}

#[test]
fn the_attributes_need_no_std() {
    assert_counts(&build(false, "checks,backend,macros"), "attributes: ok\n");
    let program = build(true, "macros");
    assert!(!holds_std(&program));
    let outcome = run(&program, &[]);
    outcome.assert_success();
    assert_eq!(outcome.stdout, format!("{ALWAYS}attributes: ok\n{NO_CHECKS}done\n"));
}

#[test]
fn locks_need_no_std() {
    let program = build(false, "checks,backend,lock_api");
    assert!(!holds_std(&program));
    assert_counts(&program, "locks: ok\n");
    let program = build(true, "lock_api");
    assert!(!holds_std(&program));
    let outcome = run(&program, &[]);
    outcome.assert_success();
    assert_eq!(outcome.stdout, format!("{ALWAYS}locks: ok\n{NO_CHECKS}done\n"));
}

#[test]
fn queues_and_reserves_need_no_std() {
    let program = build(false, "checks,backend,work");
    assert!(!holds_std(&program));
    assert_counts(&program, "work: ok\n");
    let program = build(true, "work");
    assert!(!holds_std(&program));
    let outcome = run(&program, &[]);
    outcome.assert_success();
    assert_eq!(outcome.stdout, format!("{ALWAYS}work: ok\n{NO_CHECKS}done\n"));
}

#[test]
fn its_panic_handler_is_told_the_report() {
    let program = build(true, "checks,backend");
    let outcome = run(&program, &["panic"]);
    assert_eq!(outcome.status.code(), Some(3), "{outcome:#?}");
    let said = without_places(&outcome.stdout);
    let headline =
        "panic: BUG: sleeping function called from invalid context at src/scenes.rs:L:C\n";
    assert!(said.starts_with(headline), "{said}");
}

#[test]
fn a_program_without_checks_needs_no_backend_and_reports_nothing() {
    let program = build(true, "");
    assert!(!holds_std(&program));
    for arguments in [&[][..], &["panic"]] {
        let outcome = run(&program, arguments);
        outcome.assert_success();
        assert_eq!(outcome.stdout, format!("{ALWAYS}{NO_CHECKS}done\n"));
    }
}

#[test]
fn a_backend_may_keep_no_count() {
    let program = build(true, "checks,other_backend");
    let outcome = run(&program, &["panic"]);
    outcome.assert_success();
    assert_eq!(outcome.stdout, format!("{ALWAYS}done\n"));
}

/// The text that the page of `backend` shows as a program, without the marks of documentation.
fn program_on_the_page() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("nonblock/src/backend/mod.rs")).expect("the page");
    let lines = page.lines().skip_while(|line| *line != "//! ```text").skip(1);
    let shown = lines.take_while(|line| *line != "//! ```");
    let mut program: Vec<_> = shown
        .map(|line| line.trim_start_matches("//!").strip_prefix(' ').unwrap_or_default())
        .collect();
    // For the end of the last line.
    program.push("");
    program.join("\n")
}

#[test]
fn the_program_on_the_page_of_backend_runs() {
    let source = include_str!("../fixtures/bare_program/src/main.rs");
    assert_eq!(program_on_the_page(), source, "the page shows the program that is run here");
    let fixture = Fixture::new("bare_program", env!("CARGO_TARGET_TMPDIR"));
    fixture.succeed("build", &[]);
    let program = fixture.target().join("debug/bare_program");
    assert!(!holds_std(&program));
    let outcome = run(&program, &[]);
    outcome.assert_success();
    let headline = "BUG: sleeping function called from invalid context at ";
    assert!(outcome.stderr.starts_with(headline), "{outcome:#?}");
    assert!(outcome.stderr.contains("src/main.rs"), "{outcome:#?}");
    // Its backend names no thread.
    assert_eq!(outcome.stderr.lines().nth(1), Some("non_block: 1"), "{outcome:#?}");
}

#[test]
fn a_program_with_std_is_told_from_one_without() {
    assert!(holds_std(&std::env::current_exe().expect("the test knows where it is")));
}
