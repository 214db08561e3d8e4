//! The list of what blocks, and the configuration for clippy that is made of it.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use nonblock_tools::blocking::{self, Effect, Kind, parse};
use nonblock_tools::cargo::root;
use nonblock_tools::clippy_config::{GUARDS, Wanted, generate};

const COLUMNS: &str = "path\tkind\teffect\treason\tinstead\n";

#[track_caller]
fn generated(lines: &str, wanted: Wanted) -> String {
    let text = format!("{COLUMNS}{lines}");
    generate(&parse(&text).expect("the lines are in order"), wanted)
}

#[test]
fn the_committed_one_is_that_of_the_list() {
    let committed = fs::read_to_string(root().join("docs/clippy.toml")).expect("it is there");
    let current = generate(&blocking::read().expect("the list is in order"), Wanted::default());
    assert!(
        committed == current,
        "docs/clippy.toml is old: run `cargo run -p nonblock-tools --bin clippy_config -- --output docs/clippy.toml`"
    );
}

#[test]
fn every_effect_has_lines_and_every_kind() {
    let blocking = blocking::read().expect("the list is in order");
    for effect in Effect::ALL {
        assert!(blocking.entries.iter().any(|entry| entry.effect == effect), "{effect}");
    }
    for kind in [Kind::Function, Kind::Method, Kind::Macro] {
        assert!(blocking.entries.iter().any(|entry| entry.kind == kind), "{kind:?}");
    }
    assert!(!blocking.harmless.is_empty());
}

#[test]
fn a_list_that_is_not_in_order_is_refused() {
    let refused = |lines: &str| parse(&format!("# A word.\n\n{COLUMNS}{lines}")).unwrap_err();
    assert_eq!(refused("a\tfunction\tblocks\tIt waits."), "line 4: 4 columns");
    assert_eq!(refused("a\tclass\tblocks\tIt waits.\t"), "line 4: no kind is called \"class\"");
    assert_eq!(refused("a\tmacro\twaits\tIt waits.\t"), "line 4: no effect is called \"waits\"");
    assert_eq!(
        refused("a\tmacro\tblocks\tit waits\t"),
        "line 4: \"it waits\" is not a sentence without quotes"
    );
    assert_eq!(
        refused("#no a\tIt does not.\na\tmacro\tblocks\tIt waits.\t"),
        "line 5: a comes twice"
    );
    assert_eq!(refused("#no a"), "line 4: no reason");
    assert_eq!(parse("path\tkind\n").unwrap_err(), "line 1: these are not the columns' names");
}

#[test]
fn effects_are_chosen() {
    let lines = "a\tfunction\tblocks\tIt waits.\tsomething(cx)\nb\tmethod\tlocks\tIt locks.\t\n\
                 c\tmacro\tallocates\tIt allocates.\t\n";
    let has = |wanted, path: &str| generated(lines, wanted).contains(&format!("\"{path}\""));
    let default = Wanted::default();
    assert!(has(default, "a") && has(default, "b") && !has(default, "c"));
    let all = Wanted { allocates: true, ..default };
    assert!(has(all, "a") && has(all, "b") && has(all, "c"));
    let locks = Wanted { blocks: false, locks: true, allocates: false };
    assert!(!has(locks, "a") && has(locks, "b") && !has(locks, "c"));
}

#[test]
fn a_line_says_why_and_what_instead() {
    let lines = "a\tfunction\tblocks\tIt waits.\tsomething::other(cx)\n\
                 b\tfunction\tblocks\tIt waits.\tsomething::else\n\
                 std::os::c\tmethod\tblocks\tIt waits.\t\n";
    let text = generated(lines, Wanted::default());
    for expected in [
        "{ path = \"a\", reason = \"It waits. Use something::other(cx).\" },",
        "{ path = \"b\", reason = \"It waits. Use\", replacement = \"something::else\" },",
        "{ path = \"std::os::c\", reason = \"It waits.\", allow-invalid = true },",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
}

#[test]
fn a_configuration_says_how_it_was_made() {
    let blocking = blocking::read().expect("the list is in order");
    for wanted in [
        Wanted::default(),
        Wanted { blocks: true, locks: true, allocates: true },
        Wanted { blocks: true, locks: false, allocates: false },
    ] {
        let text = generate(&blocking, wanted);
        let command = text.lines().find_map(|line| line.split_once("--bin clippy_config"));
        let arguments = command.expect("it names the command").1.split(' ').skip(2);
        let mut tool = Command::new(env!("CARGO_BIN_EXE_clippy_config"));
        let output = tool.args(arguments).output().expect("it can be started");
        assert!(output.status.success(), "{output:?}");
        assert!(output.stdout == text.as_bytes(), "{wanted:?}");
    }
    let mut tool = Command::new(env!("CARGO_BIN_EXE_clippy_config"));
    let output = tool.arg("--allocations").output().expect("it can be started");
    let all = generate(&blocking, Wanted { allocates: true, ..Wanted::default() });
    assert!(output.status.success() && output.stdout == all.as_bytes());
}

#[test]
fn a_wrong_argument_is_an_error() {
    for arguments in [&["--effects", "sleeps"][..], &["--everything"], &["file"], &["--output"]] {
        let mut tool = Command::new(env!("CARGO_BIN_EXE_clippy_config"));
        let output = tool.args(arguments).output().expect("it can be started");
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}: {output:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn no_guard_comes_twice() {
    let paths: BTreeSet<_> = GUARDS.iter().map(|&(path, _)| path).collect();
    assert_eq!(paths.len(), GUARDS.len());
}
