//! Tests that change, or end, the whole process: they run in one of their own.

use std::ffi::OsString;
use std::io::{Read, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Names, in the child, the test that it is to run the body of.
const CHILD: &str = "NONBLOCK_TESTS_CHILD";

/// What the child writes before the body, so that a misspelt name cannot pass.
const STARTED: &str = "the body has started";

/// How long a child may take: one that hangs is a failure, not a wait.
const PATIENCE: Duration = Duration::from_mins(1);

/// What came of a child.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Outcome {
    /// Asserts that the child ran to its end.
    ///
    /// # Panics
    ///
    /// If it did not; the message holds what it wrote.
    #[track_caller]
    pub fn assert_success(&self) {
        assert!(self.status.success(), "{self:#?}");
    }

    /// Asserts that a panic failed the child's test, as opposed to a signal that killed the child.
    ///
    /// # Panics
    ///
    /// If it ended otherwise; the message holds what it wrote.
    #[track_caller]
    pub fn assert_panicked(&self) {
        assert_eq!(self.status.code(), Some(101), "{self:#?}");
    }
}

/// Runs the body in a process of its own, and returns what came of it.
///
/// The process is this test binary again, with nothing to run but `test`, which must be the full name of the
/// calling test. `variables` are added to its environment, which has neither `NONBLOCK` nor
/// `RUST_BACKTRACE` otherwise. A panic of the body fails it with status 101.
///
/// # Context
///
/// May sleep.
///
/// # Panics
///
/// If the process cannot be started, does not come to the body, or takes longer than a minute.
#[track_caller]
pub fn own(test: &str, variables: &[(&str, OsString)], body: impl FnOnce()) -> Outcome {
    own_within(test, variables, PATIENCE, body)
}

/// As [`own`], for a body that may take longer.
///
/// # Context
///
/// May sleep.
///
/// # Panics
///
/// As [`own`], where the process takes longer than `patience`.
#[track_caller]
pub fn own_within(
    test: &str,
    variables: &[(&str, OsString)],
    patience: Duration,
    body: impl FnOnce(),
) -> Outcome {
    if std::env::var_os(CHILD).is_some_and(|name| name == test) {
        // A line of its own, after whatever the test harness has begun.
        println!("\n{STARTED}");
        // What is buffered would be lost where the body aborts.
        let _ = std::io::stdout().flush();
        body();
        std::process::exit(0);
    }
    let this = std::env::current_exe().expect("the test binary knows where it is");
    let mut command = Command::new(this);
    command
        .args([test, "--exact", "--nocapture"])
        .env_remove("NONBLOCK")
        .env_remove("RUST_BACKTRACE")
        .env_remove("RUST_LIB_BACKTRACE")
        .env(CHILD, test)
        .envs(variables.iter().map(|(name, value)| (name, value)));
    let outcome = run(&mut command, patience);
    assert!(outcome.stdout.contains(STARTED), "no test is called `{test}`: {outcome:#?}");
    outcome
}

/// Runs a command to its end and collects what it writes.
///
/// # Panics
///
/// If it cannot be started, or takes longer than `patience`; it is killed then.
#[track_caller]
pub fn run(command: &mut Command, patience: Duration) -> Outcome {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let stdout = collect(child.stdout.take().expect("it is piped"));
    let stderr = collect(child.stderr.take().expect("it is piped"));
    let deadline = Instant::now() + patience;
    let mut timed_out = false;
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            break status;
        }
        if Instant::now() > deadline && !timed_out {
            timed_out = true;
            child.kill().expect("the child is ours");
        }
        thread::sleep(Duration::from_millis(2));
    };
    let outcome = Outcome {
        status,
        stdout: stdout.join().expect("reading does not panic"),
        stderr: stderr.join().expect("reading does not panic"),
    };
    assert!(!timed_out, "{command:?} took longer than {patience:?}: {outcome:#?}");
    outcome
}

fn collect(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before a failure is all there is to show.
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
