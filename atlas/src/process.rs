//! A process for each measurement: the program calls itself, and reads what it writes.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::bench::{Bench, Mode};
use crate::figures::Sample;
use crate::measure::{self, When};
use crate::operation::{Operation, Package};

/// The argument that makes the program one that measures.
const MEASURE: &str = "--measure";

/// How long a measurement may take.
const PATIENCE: Duration = Duration::from_mins(1);

impl When {
    const ALL: [Self; 3] = [Self::FirstInProcess, Self::FirstOnThread, Self::Steady];

    fn word(self) -> &'static str {
        match self {
            Self::FirstInProcess => "process",
            Self::FirstOnThread => "thread",
            Self::Steady => "steady",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|when| when.word() == word)
    }
}

impl Mode {
    fn words(&self) -> [String; 2] {
        let (word, with) = match self {
            Self::Counts(when) => ("counts", when.word().to_owned()),
            Self::Calls(when) => ("calls", when.word().to_owned()),
            Self::Watched(when) => ("watched", when.word().to_owned()),
            Self::Names => ("names", String::new()),
            Self::Peer(place) => ("peer", place.to_string()),
            Self::Holder(place) => ("holder", place.to_string()),
        };
        [word.to_owned(), with]
    }

    fn of_words(word: &str, with: &str) -> Option<Self> {
        match word {
            "counts" => When::of_word(with).map(Self::Counts),
            "calls" => When::of_word(with).map(Self::Calls),
            "watched" => When::of_word(with).map(Self::Watched),
            "names" => Some(Self::Names),
            "peer" => with.parse().ok().map(Self::Peer),
            "holder" => with.parse().ok().map(Self::Holder),
            _ => None,
        }
    }
}

/// Measures, if that is what the arguments ask for, and ends the process.
pub fn measure_if_asked(packages: &[Package]) {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, asked, package, name, word, with] = &arguments[..] else { return };
    if asked != MEASURE {
        return;
    }
    let mode = Mode::of_words(word, with).expect("the program calls itself");
    let package = packages.iter().find(|there| there.name == package).expect("it is there");
    let operation =
        package.operations.iter().find(|there| there.name == name).expect("it is there");
    let mut results = keep_results();
    let told = results.try_clone().expect("it is open");
    std::panic::set_hook(Box::new(move |panic| {
        let _ = writeln!(&told, "{panic}");
        std::process::abort();
    }));
    measure::set_up();
    let mut sample = Sample::default();
    (operation.bench)(Bench::new(mode, &mut sample));
    results.write_all(sample.to_lines().as_bytes()).expect("they are read");
    // Not by `exit`, which waits for locks that a thread may hold.
    // SAFETY: this ends the process.
    unsafe { libc::_exit(0) };
}

/// The standard output is for the results. What operations write goes nowhere.
fn keep_results() -> File {
    let nowhere = File::options().write(true).open("/dev/null").expect("Linux has it");
    // SAFETY: this takes a number only.
    let results = unsafe { libc::fcntl(1, libc::F_DUPFD_CLOEXEC, 10) };
    assert!(results > 0, "it is open");
    for output in [1, 2] {
        // SAFETY: this takes numbers only.
        let done = unsafe { libc::dup2(nowhere.as_raw_fd(), output) };
        assert_eq!(done, output, "it can be redirected");
    }
    // SAFETY: it was just made, and is nobody else's.
    unsafe { File::from_raw_fd(results) }
}

/// Has a process of its own measure it.
///
/// # Errors
///
/// If the process failed: with what it said.
pub fn measure(package: &str, operation: &Operation, mode: &Mode) -> Result<Sample, String> {
    let [word, with] = mode.words();
    let program = std::env::current_exe().expect("Linux tells");
    let child = Command::new(program)
        .args([MEASURE, package, operation.name, &word, &with])
        .env_remove("RUST_LOG")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program can call itself");
    let pid = i32::try_from(child.id()).expect("it is small");
    let (ended, has_ended) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if has_ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            // SAFETY: this takes numbers only, and the process was not waited for yet.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    });
    let child = child.wait_with_output().expect("it can be waited for");
    drop(ended);
    watchdog.join().expect("it does not panic");
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    let fault = |why: &str| format!("{package}, {}, {word} {with}: {why}: {said}", operation.name);
    if !child.status.success() {
        return Err(fault(&child.status.to_string()));
    }
    Sample::parse(&said).map_err(|line| fault(&format!("not a figure: {line}")))
}
