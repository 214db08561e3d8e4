//! The example, as a user runs it: what it prints, and how it ends.

use std::path::PathBuf;
use std::process::{Command, Output};

/// The example's program, which cargo builds beside its package's tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.ancestors().nth(2).expect("it lies in target/<profile>/deps");
    let program = profile.join("examples").join("oom_reaper");
    assert!(program.exists(), "build it first: cargo build -p nonblock-examples --examples");
    program
}

fn run(args: &[&str]) -> Output {
    Command::new(program())
        .args(args)
        .env_remove("NONBLOCK")
        .output()
        .expect("cargo builds the example before the tests run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the example prints text")
}

#[test]
fn plays_all_three_parts() {
    let output = run(&["--size", "8", "--drivers", "3"]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));

    // Each in its part, in this order.
    let mut rest = printed.as_str();
    for expected in [
        "A victim with 8.00 MiB",
        "deadlock: nothing has moved",
        "job waits for killer, for memory",
        "killer waits for job, for gpu0's table",
        "dissolves it",
        "try 1: begins; resident, as the kernel tells it: 8.00 MiB",
        "try 1: refused 0x",
        "try 1: took 0x",
        "has its ",
        "try 2: took 0x",
        "resident: 0.00 MiB",
        "BUG: sleeping function called from invalid context at drivers/legacy/src/lib.rs:",
        "in the section that began at examples/oom_reaper/old_driver.rs:",
        "reclaimed   8.00 MiB",
        "attempts    2",
        "refusals    1",
        "violations  1",
    ] {
        let (_, behind) = rest
            .split_once(expected)
            .unwrap_or_else(|| panic!("`{expected}` is missing, or out of order, in:\n{printed}"));
        rest = behind;
    }
}

#[test]
fn goes_on_with_a_victim_that_is_another_process() {
    let output = run(&["--size", "16", "--process"]);
    let (printed, error) = (text(&output.stdout), text(&output.stderr));
    if error.contains("this kernel has no ") {
        eprintln!("skipped: {error}");
        assert!(error.contains("expected Linux 5."), "{error}");
        return;
    }
    assert!(output.status.success(), "{printed}{error}");
    let (_, part) = printed.split_once("4. A victim that is another process").expect("the part");
    let mut expected =
        vec!["lives as process ", "is killed", "resident: ", "has ended", "of process  "];
    if !part.contains("may not hold it") {
        // It is dead, and has its memory until the kernel takes it.
        expected.splice(
            1..3,
            [
                "is killed, and cannot end: a debugger holds it; resident: ",
                "takes its memory, by process_mrelease",
                "resident: 0.",
                "still cannot end",
            ],
        );
    }
    let mut rest = part;
    for expected in expected {
        let (_, behind) = rest
            .split_once(expected)
            .unwrap_or_else(|| panic!("`{expected}` is missing, or out of order, in:\n{printed}"));
        rest = behind;
    }
    // The victim's memory, and that of the program.
    if let Some((_, resident)) = part.split_once("a debugger holds it; resident: ") {
        let resident = resident.split_once('.').and_then(|(mib, _)| mib.parse::<u32>().ok());
        assert!(resident.is_some_and(|mib| mib >= 16), "{printed}");
    }
}

#[test]
fn helps() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let printed = text(&output.stdout);
    for option in ["--size MIB", "--drivers N", "--process", "--svg FILE"] {
        assert!(printed.contains(option), "{printed}");
    }
    assert!(!printed.contains("--victim"), "that one is not for users: {printed}");
}

#[test]
fn names_what_is_wrong_with_the_command_line() {
    for (args, expected) in [
        (&["--size", "0"][..], "--size 0: the victim needs memory to lose"),
        (&["--size", "999999999"], "--size 999999999: larger than this machine's available memory"),
        (&["--size", "-3"], "--size -3: expected a whole number"),
        (&["--drivers", "many"], "--drivers many: expected a whole number"),
        (&["--drivers", "1"], "--drivers 1: expected from 2"),
        (&["--size", "1", "--drivers", "17"], "--drivers 17: expected from 2"),
        (&["--svg"], "missing argument for option '--svg'"),
        (&["--victim", "much"], "--victim much: expected a whole number"),
        (&["--size"], "missing argument for option '--size'"),
        (&["--speed", "9"], "invalid option '--speed'"),
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        let error = text(&output.stderr);
        assert!(error.starts_with(&format!("oom_reaper: {expected}")), "{args:?}: {error}");
        assert!(error.ends_with("Try --help.\n"), "{args:?}: {error}");
    }
}

#[test]
fn names_an_unknown_policy() {
    let output = Command::new(program()).env("NONBLOCK", "wran").output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(
        error.contains(
            "the environment variable NONBLOCK is `wran`: expected one of `panic`, `warn`, `abort`, `ignore`"
        ),
        "{error}"
    );
}
