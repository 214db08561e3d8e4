//! The example of the watch: each planted fault is found by the layers that are for it, and the clean half is silent.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::path::PathBuf;
use std::process::{Command, Output};

/// The example's program, which cargo builds beside its package's tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.ancestors().nth(2).expect("it lies in target/<profile>/deps");
    profile.join("examples").join("watch")
}

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(args).env_remove("NONBLOCK").env_remove("NONBLOCK_WATCH");
    command.output().expect("cargo builds the example before the tests run")
}

/// What was printed of the part whose title has the words: its lines by layer.
fn part<'a>(printed: &'a str, title: &str) -> Vec<&'a str> {
    let mut lines = printed.lines().skip_while(|line| !line.contains(title));
    lines.next().unwrap_or_else(|| panic!("`{title}` is missing in:\n{printed}"));
    lines.take_while(|line| !line.is_empty()).map(str::trim).collect()
}

#[test]
fn each_fault_is_found_by_its_layers() {
    let output = run(&["--layers", "schedule,trap,alloc"]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(part(&printed, "As it should be"), ["nothing was found"]);
    for (title, layer, times, found) in [
        ("writes a line", "trap", None, "the system call `write("),
        ("waits for a mutex", "trap", Some(1), "the system call `futex("),
        ("makes a new buffer", "alloc", Some(6), "an allocation of 512 bytes"),
        ("sleeps in a library", "trap", Some(3), "which slept for"),
    ] {
        let lines = part(&printed, title);
        let line = lines.iter().find(|line| line.starts_with(layer));
        let line = line.unwrap_or_else(|| panic!("{title}: {lines:?}"));
        assert!(line.contains(found) && line.contains("examples/watch/synth.rs:"), "{line}");
        assert!(times.is_none_or(|times| line.contains(&format!(" {times} time(s)"))), "{line}");
    }
}

#[test]
fn a_section_over_its_budget_is_found_and_measured() {
    let output = run(&["--layers", "budget"]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}");
    let lines = part(&printed, "more harmonics than there is time for");
    assert!(lines[0].starts_with("budget   3 time(s)"), "{lines:?}");
    assert!(lines[0].contains("over its budget of 2ms"), "{lines:?}");
    assert!(printed.contains("215 times; half of them within"), "{printed}");
}

#[test]
fn an_unknown_layer_is_refused_with_the_known_ones() {
    let output = run(&["--layers", "shedule"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("`shedule` is no layer: expected one of `schedule`, `trap`"), "{error}");
}
