//! The command line: rules, baselines, `why`, and the exit codes.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

const SOURCE: &str = "
#[inline(never)]
#[unsafe(no_mangle)]
extern \"C\" fn process() { relay(); }

#[inline(never)]
fn relay() { std::thread::sleep(std::time::Duration::from_millis(1)); }

#[inline(never)]
#[unsafe(no_mangle)]
extern \"C\" fn computes() -> u32 { std::hint::black_box(1) }

fn main() { process(); computes(); }
";

/// A program with two functions, of which one sleeps.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command");
        fs::create_dir_all(&folder).expect("a folder");
        let (source, file) = (folder.join("sleeps.rs"), folder.join("sleeps"));
        fs::write(&source, SOURCE).expect("the source can be written");
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let flags = ["--edition=2024", "-Clink-arg=-Wl,--emit-relocs", "-Cdebuginfo=2"];
        let status = Command::new(rustc).arg(&source).arg("-o").arg(&file).args(flags).status();
        assert!(status.expect("rustc can be run").success());
        file
    })
}

fn nonblock(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-nonblock"))
        .args(arguments)
        .output()
        .expect("the command can be run")
}

fn check(arguments: &[&str]) -> Output {
    let file = program().display().to_string();
    nonblock(&[&["check", &file, "--no-sections", "--no-cache"], arguments].concat())
}

#[track_caller]
fn exits(output: &Output, code: i32) -> String {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

fn file(name: &str, text: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).expect("the file can be written");
    path.display().to_string()
}

#[test]
fn the_exit_code_says_what_came_out() {
    exits(&check(&["--entry", "computes"]), 0);
    let text = exits(&check(&["--entry", "process"]), 1);
    assert!(text.contains("BUG: sleeping function reachable from invalid context at "), "{text}");
    assert!(text.contains("found: a call that may sleep: std::thread::functions::sleep"), "{text}");
    assert!(text.contains("sleeps::relay"), "{text}");
    let text = exits(&check(&["--entry", "no_such_function"]), 2);
    assert!(text.contains("No function in the program fits `no_such_function`"), "{text}");
    exits(&nonblock(&["check", "--no-such-option"]), 3);
    exits(&nonblock(&["check", "--no-sections"]), 3);
    exits(&nonblock(&["--help"]), 0);
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
    let rules = file("wrong.tsv", "pattern\tclass\treason\nrelay\tpermits\t\n");
    exits(&check(&["--entry", "process", "--rules", &rules]), 3);
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
    exits(&check(&["--entry", "process", "--baseline", &baseline, "--rules", &rules]), 1);
    exits(&check(&["--entry", "process", "--update-baseline"]), 3);
}

#[test]
fn why_shows_the_chain_between_two_functions() {
    let program = program().display().to_string();
    let text = exits(&nonblock(&["why", "process", "clock_nanosleep", &program]), 1);
    for part in [
        "process",
        "sleeps::relay",
        "std::thread::functions::sleep",
        "clock_nanosleep",
        "sleeps.rs:7",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = exits(&nonblock(&["why", "computes", "clock_nanosleep", &program]), 0);
    assert!(text.contains("no way leads"), "{text}");
}
