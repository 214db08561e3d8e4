//! What the tests share: the check, the runs under the watch, and the comparison.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use cargo_nonblock::report::json::{Against, Entry, Report};

/// How long a program may run: one that hangs is a failure, not a wait.
const PATIENCE: Duration = Duration::from_mins(5);

/// A folder for a test's own files.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("against").join(name);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The workspace's root.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs `cargo nonblock check`, and returns its exit code and its report.
#[track_caller]
pub(crate) fn check(from: &Path, arguments: &[&str]) -> (i32, Report) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-nonblock"));
    command.current_dir(from).args(["nonblock", "check", "--format", "json", "--quiet"]);
    command.args(arguments);
    // With none of the surrounding build's flags.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER"] {
        command.env_remove(name);
    }
    let Output { status, stdout, stderr } = command.output().expect("the command can be run");
    let stderr = String::from_utf8_lossy(&stderr);
    let report = serde_json::from_slice(&stdout)
        .unwrap_or_else(|error| panic!("{error}: {status}: {stderr}"));
    (status.code().expect("it ended by itself"), report)
}

/// Runs a program under the watch, which adds what it sees to a file. Returns how the program ended, and what it wrote to standard error.
#[track_caller]
pub(crate) fn watched(command: &mut Command, trace: &Path) -> (Option<i32>, String) {
    let errors = trace.with_extension("stderr");
    let written = fs::File::create(&errors).expect("a file");
    command
        .env("NONBLOCK_WATCH", format!("schedule,trap,strict,json={}", trace.display()))
        .env("NONBLOCK", "ignore")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(written);
    let mut child = command.spawn().expect("the program can be run");
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            let errors = fs::read(&errors).expect("it was written");
            return (status.code(), String::from_utf8_lossy(&errors).into_owned());
        }
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{command:?} takes longer than {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Checks again, and compares with what was seen: nothing may contradict what was proved.
#[track_caller]
pub(crate) fn compared(from: &Path, arguments: &[&str], trace: &Path) -> (Report, Against) {
    let trace = trace.display().to_string();
    let (code, report) = check(from, &[arguments, &["--against", &trace]].concat());
    let against = report.against.clone().expect("it was asked for");
    assert!(against.contradictions.is_empty(), "{:#?}", against.contradictions);
    assert!([0, 1, 2].contains(&code), "exit code {code}");
    (report, against)
}

/// All entries of a report.
pub(crate) fn entries(report: &Report) -> impl Iterator<Item = &Entry> {
    report.programs.iter().flat_map(|program| &program.entries)
}

/// A line with how many entries have which result, and how many of those that reach something showed a call.
pub(crate) fn summary(report: &Report, against: &Against) -> String {
    let of = |result: &str| entries(report).filter(|entry| entry.result == result).count();
    let places: BTreeSet<_> =
        against.not_shown.iter().map(|entry| &entry.section.function).collect();
    format!(
        "{} entries: {} proved, {} reach something ({} of them showed no call), {} not proved; {} calls compared",
        entries(report).count(),
        of("proved"),
        of("reaches"),
        places.len(),
        of("not proved"),
        against.compared,
    )
}
