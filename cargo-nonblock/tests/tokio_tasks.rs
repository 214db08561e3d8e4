//! The tasks of tokio: sections if the runtime's hooks make them so, and else if they are asked for.
//!
//! The programs are the tests of a package beside: `non_block_polls` is there with `--cfg tokio_unstable` only.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Checks the package's tests, and returns the entries.
fn entries(cfg: &str, arguments: &[&str]) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tokio_hooks");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tokio_tasks");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-nonblock"));
    command.args(["nonblock", "check", "--lib", "--locked", "--format", "json"]);
    command.arg("--manifest-path").arg(folder.join("Cargo.toml"));
    command.arg("--target-dir").arg(target).args(arguments).env("RUSTFLAGS", cfg);
    for name in
        ["CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR", "RUSTC_WRAPPER"]
    {
        command.env_remove(name);
    }
    let output = command.output().expect("the command can be run");
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    report["programs"][0]["entries"].as_array().expect("a list").clone()
}

/// The tasks of one of the tests, with the words of what came out.
fn of<'a>(entries: &'a [Value], test: &str) -> Vec<(&'a str, String)> {
    let prefix = format!("tokio_hooks::tests::{test}::");
    let of_test = entries
        .iter()
        .filter(|entry| entry["function"].as_str().is_some_and(|name| name.starts_with(&prefix)));
    let came_out = of_test.map(|entry| {
        let leaves = entry["findings"].as_array().into_iter().flatten();
        let leaves: Vec<_> = leaves.filter_map(|finding| finding["leaf"].as_str()).collect();
        let result = entry["result"].as_str().unwrap_or_default();
        (entry["kind"].as_str().unwrap_or_default(), format!("{result} {}", leaves.join(", ")))
    });
    came_out.collect()
}

#[test]
fn each_task_of_a_runtime_with_hooks_is_an_entry() {
    let entries = entries("--cfg tokio_unstable", &[]);
    let said = of(&entries, "a_report_says_where_the_task_was_spawned");
    assert_eq!(said, [("task", "reaches nonblock::check::might_sleep".to_owned())]);
    // Its poll is suspended while it sleeps.
    let said = of(&entries, "a_task_may_sleep_in_place");
    assert_eq!(said, [("task", "proved ".to_owned())]);
    // The functions for threads that may block are none.
    assert!(!entries.iter().any(|entry| entry["function"].to_string().contains("blocking")));
}

#[test]
fn a_program_without_tasks_is_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("none.rs");
    std::fs::write(&source, "fn main() {}").expect("the source can be written");
    let compiled = Command::new("rustc")
        .args(["-g", "-C", "link-arg=-Wl,--emit-relocs", "-o"])
        .args([&folder.path().join("none"), &source])
        .status();
    assert!(compiled.expect("rustc").success());
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-nonblock"))
        .args(["nonblock", "check", "--no-cache", "--no-sections", "--tokio-tasks"])
        .arg(folder.path().join("none"))
        .output()
        .expect("the command can be run");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("No task of tokio was found: the program spawns none"), "{said}");
}

#[test]
fn the_tasks_of_any_program_can_be_asked_for() {
    let with = ["--no-sections", "--tokio-tasks"];
    let entries = entries("--cfg tokio_unstable", &with);
    assert!(entries.iter().all(|entry| entry["kind"] == "task"), "{entries:#?}");
    assert_eq!(of(&entries, "a_report_says_where_the_task_was_spawned").len(), 1);
}
