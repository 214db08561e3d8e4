//! `RealtimeSanitizer` and sections in one callback: what each finds, and what neither does.
//!
//! The sanitizer's library comes with rustc. Where it is not there, these tests look at nothing and say so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use nonblock_tests::fixture::Fixture;
use nonblock_tests::process::{self, Outcome};

/// The sanitizer's library, where rustc has it.
fn archive() -> Option<PathBuf> {
    let rustc = Command::new("rustc")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["--print", "target-libdir"])
        .output()
        .expect("rustc is there");
    let libraries = String::from_utf8(rustc.stdout).expect("the path is text");
    let entries = fs::read_dir(Path::new(libraries.trim())).expect("rustc names a folder");
    entries
        .map(|entry| entry.expect("an entry can be read").path())
        .find(|path| path.to_string_lossy().ends_with("_rt.rtsan.a"))
}

/// Builds the program once, and returns its path.
fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let build = || {
        let Some(archive) = archive() else {
            eprintln!("rustc has no library of RealtimeSanitizer here: skipped");
            return None;
        };
        let fixture = Fixture::new("rtsan", env!("CARGO_TARGET_TMPDIR"))
            .with_variable("RTSAN_ENABLE", "1")
            .with_variable("RTSAN_LIB_PATH", archive);
        fixture.succeed("build", &[]);
        Some(fixture.target().join("debug/rtsan"))
    };
    PROGRAM.get_or_init(build).as_deref()
}

/// Calls the callback 98 times with this mistake in it. `going_on` is for a sanitizer that goes on after a finding.
fn run(program: &Path, mistake: &[&str], going_on: bool) -> Outcome {
    let mut command = Command::new(program);
    command
        .args(mistake)
        .env("NONBLOCK", "warn")
        .env("RUST_BACKTRACE", "0")
        .env("RTSAN_OPTIONS", format!("halt_on_error={}", !going_on));
    process::run(&mut command, Duration::from_mins(1))
}

fn found_by_the_sanitizer(outcome: &Outcome, function: &str) -> bool {
    outcome.stderr.contains(&format!("call to real-time unsafe function `{function}`"))
}

#[test]
fn a_callback_without_a_mistake_is_reported_by_neither() {
    let Some(program) = program() else { return };
    let outcome = run(program, &[], false);
    outcome.assert_success();
    assert_eq!(outcome.stdout, "0 violations of sections\n", "{outcome:#?}");
    assert_eq!(outcome.stderr, "");
}

#[test]
fn an_allocation_is_found_by_the_sanitizer_and_not_by_us() {
    let Some(program) = program() else { return };
    let outcome = run(program, &["allocates"], true);
    assert!(found_by_the_sanitizer(&outcome, "malloc"), "{outcome:#?}");
    assert_eq!(outcome.stdout, "0 violations of sections\n", "{outcome:#?}");
}

#[test]
fn a_system_call_of_std_is_found_by_the_sanitizer_and_not_by_us() {
    let Some(program) = program() else { return };
    let outcome = run(program, &["opens"], true);
    assert!(found_by_the_sanitizer(&outcome, "open64"), "{outcome:#?}");
    assert_eq!(outcome.stdout, "0 violations of sections\n", "{outcome:#?}");
}

/// The function says that it may sleep, and this time it does not. So it makes no call that could be intercepted.
#[test]
fn what_could_have_slept_is_found_by_us() {
    let Some(program) = program() else { return };
    let outcome = run(program, &["may_sleep"], true);
    assert!(outcome.stderr.contains("BUG: sleeping function called"), "{outcome:#?}");
    assert_eq!(outcome.stdout, "98 violations of sections\n", "{outcome:#?}");
}

/// Our report allocates, and so the sanitizer ends the program at the same mistake, before the report is written.
#[test]
fn our_report_is_a_finding_of_the_sanitizers() {
    let Some(program) = program() else { return };
    let outcome = run(program, &["may_sleep"], false);
    assert!(!outcome.status.success(), "{outcome:#?}");
    assert!(found_by_the_sanitizer(&outcome, "malloc"), "{outcome:#?}");
    assert!(!outcome.stderr.contains("BUG: sleeping function called"), "{outcome:#?}");
}

/// The standard library sleeps by a call that the sanitizer does not intercept.
#[test]
fn a_sleep_that_says_nothing_is_found_by_neither() {
    let Some(program) = program() else { return };
    let outcome = run(program, &["sleeps"], false);
    outcome.assert_success();
    assert_eq!(outcome.stdout, "0 violations of sections\n", "{outcome:#?}");
    assert_eq!(outcome.stderr, "");
}
