//! Runs the probes, and says what came of them as other test programs do.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use nonblock_tests::process;
use nonblock_tools::blocking::{self, Blocking, Effect};

use crate::observe::Seen;
use crate::probes::{self, Probe};

/// Names, in the child, the probe that it is to run.
const PROBE: &str = "NONBLOCK_TESTS_PROBE";

/// Names, in the child, a folder that it has for itself.
const FOLDER: &str = "NONBLOCK_TESTS_FOLDER";

/// The status of a child that cannot show anything on this machine.
const SKIPPED: i32 = 77;

/// How long a probe may take: one that hangs is a failure, not a wait.
const PATIENCE: Duration = Duration::from_mins(2);

/// What this machine does not let a probe do.
pub(crate) struct Impossible;

impl Impossible {
    /// Ends the probe, which is then said to be skipped.
    pub(crate) fn exit(what: &str, why: impl fmt::Display) -> ! {
        eprintln!("{what} here ({why})");
        std::process::exit(SKIPPED);
    }
}

/// The folder that the probe has for itself.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os(FOLDER).expect("the harness names it").into()
}

pub(crate) fn main() -> ExitCode {
    if let Some(name) = std::env::var_os(PROBE) {
        run_probe(name.to_str().expect("it is the name of a probe"));
    }
    let blocking = match blocking::read() {
        Ok(blocking) => blocking,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let arguments = Arguments::read();
    let mut tests = tests(&blocking);
    tests.retain(|test| arguments.want(test.name()));
    if arguments.has("--list") {
        for test in &tests {
            println!("{}: test", test.name());
        }
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", tests.len());
    let (failures, skipped) =
        run_all(&tests, arguments.has("--nocapture") || arguments.has("--no-capture"));
    for (name, why) in &failures {
        println!("\n---- {name} ----\n{why}");
    }
    let result = if failures.is_empty() { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {result}. {} passed; {} failed; {skipped} skipped\n",
        tests.len() - failures.len() - skipped,
        failures.len()
    );
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

/// The part of the usual arguments of a test program that means something here.
#[derive(Default)]
struct Arguments {
    filters: Vec<String>,
    options: BTreeSet<String>,
}

impl Arguments {
    fn read() -> Self {
        let mut read = Self::default();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            if ["--test-threads", "--skip", "--format", "--color", "-Z"].contains(&&*argument) {
                // Its value says nothing here.
                arguments.next();
            } else if argument.starts_with('-') {
                read.options.insert(argument);
            } else {
                read.filters.push(argument);
            }
        }
        read
    }

    fn has(&self, option: &str) -> bool {
        self.options.contains(option)
    }

    /// Whether a test is to be run.
    fn want(&self, name: &str) -> bool {
        let exact = self.has("--exact");
        let wanted = |filter: &String| if exact { name == filter } else { name.contains(filter) };
        // No test is ignored.
        !self.has("--ignored") && (self.filters.is_empty() || self.filters.iter().any(wanted))
    }
}

/// A test: one of a probe, or one of all of them.
enum Test {
    /// Every line has one probe, and every probe a line.
    Complete(BTreeSet<String>),
    /// A probe shows this effect.
    Shows(&'static str, Effect),
    /// A probe shows no effect.
    Harmless(&'static str),
    /// A probe fails, since what it claims is not so; it has to say this.
    Refuted(&'static str, &'static str),
}

impl Test {
    fn name(&self) -> &str {
        match self {
            Self::Complete(_) => "every_line_has_a_probe_and_every_probe_a_line",
            Self::Shows(name, _) | Self::Harmless(name) | Self::Refuted(name, _) => name,
        }
    }

    /// Returns how it was seen, or why not.
    fn run(&self) -> Result<String, String> {
        match self {
            Self::Complete(strays) if strays.is_empty() => Ok("no strays".to_owned()),
            Self::Complete(strays) => Err(strays.iter().cloned().collect::<Vec<_>>().join("\n")),
            Self::Shows(name, effect) => outcome(name, &effect.to_string()),
            Self::Harmless(name) => outcome(name, "nothing"),
            Self::Refuted(name, why) => match outcome(name, "") {
                Err(said) if said.contains(why) => Ok(format!("refuted: {why}")),
                Err(said) => Err(format!("it was to be refuted by {why:?}, and was by\n{said}")),
                Ok(how) if how.starts_with("skipped") => Ok(how),
                Ok(how) => Err(format!("it was to be refuted, and was seen: {how}")),
            },
        }
    }
}

/// Pairs the lines with the probes.
fn tests(blocking: &Blocking<'static>) -> Vec<Test> {
    let mut strays = BTreeSet::new();
    let mut tests = Vec::new();
    let mut probed = BTreeSet::new();
    for (path, probe) in probes::all() {
        if !probed.insert(path) {
            strays.insert(format!("{path} has two probes"));
        }
        let entry = blocking.entries.iter().find(|entry| entry.path == path);
        let harmless = blocking.harmless.iter().any(|harmless| harmless.path == path);
        match (probe, entry) {
            (Probe::Shows(_), Some(entry)) => tests.push(Test::Shows(path, entry.effect)),
            (Probe::Harmless(_), None) if harmless => tests.push(Test::Harmless(path)),
            (Probe::Refuted(_, why), None) if !harmless => tests.push(Test::Refuted(path, why)),
            _ => {
                strays.insert(format!("the probe of {path} has no line of its kind"));
            }
        }
    }
    let lines = blocking.entries.iter().map(|entry| entry.path);
    for path in lines.chain(blocking.harmless.iter().map(|harmless| harmless.path)) {
        if !probed.contains(path) {
            strays.insert(format!("{path} has no probe"));
        }
    }
    tests.insert(0, Test::Complete(strays));
    tests
}

/// Runs the tests, two at a time: they mostly wait for processes to start. Returns which failed, with the reason, and how
/// many could not be run here.
fn run_all(tests: &[Test], nocapture: bool) -> (Vec<(String, String)>, usize) {
    let next = Mutex::new(tests.iter());
    let failures = Mutex::new(Vec::new());
    let skipped = AtomicUsize::new(0);
    let run = || {
        loop {
            let Some(test) = next.lock().expect("nobody panics").next() else { break };
            let (name, result) = (test.name(), test.run());
            match &result {
                Ok(how) if how.starts_with("skipped") => {
                    skipped.fetch_add(1, Relaxed);
                    println!("test {name} ... {how}");
                }
                Ok(how) if nocapture => println!("test {name} ... ok: {how}"),
                Ok(_) => println!("test {name} ... ok"),
                Err(_) => println!("test {name} ... FAILED"),
            }
            if let Err(why) = result {
                failures.lock().expect("nobody panics").push((name.to_owned(), why));
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(run);
        run();
    });
    (failures.into_inner().expect("nobody panics"), skipped.into_inner())
}

/// Runs a probe in a process of its own, and returns how it saw the effect.
fn outcome(name: &str, effect: &str) -> Result<String, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("blocking")
        .join(name.replace("::", "-").replace(' ', "-"));
    // What a run that was killed has left.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    let mut command =
        Command::new(std::env::current_exe().expect("the test binary knows where it is"));
    command
        .current_dir(&folder)
        .env_remove("RUST_BACKTRACE")
        .env_remove("RUST_MIN_STACK")
        .env("RUST_LIB_BACKTRACE", "1")
        .env(PROBE, name)
        .env(FOLDER, &folder);
    let run = std::panic::AssertUnwindSafe(|| process::run(&mut command, PATIENCE));
    let outcome = std::panic::catch_unwind(run).map_err(|_| "it took too long".to_owned())?;
    let _ = fs::remove_dir_all(&folder);
    if outcome.status.code() == Some(SKIPPED) {
        return Ok(format!("skipped: {}", outcome.stderr.trim_end()));
    }
    if !outcome.status.success() {
        return Err(format!("{}\n{}{}", outcome.status, outcome.stdout, outcome.stderr));
    }
    // Before that there may be what the probe itself wrote.
    let said = outcome.stdout.rsplit_once('\x01').map_or("", |(_, said)| said);
    match said.split_once(": ") {
        Some((seen, how)) if seen == effect || effect.is_empty() => Ok(how.to_owned()),
        _ => Err(format!("declared: {effect}; seen: {said}")),
    }
}

/// Runs a probe, says what it saw, and ends this process.
fn run_probe(name: &str) -> ! {
    // The probe may put something else in the place of the standard output.
    let mut stdout = fs::File::options().write(true).open("/proc/self/fd/1").expect("it is a pipe");
    let (_, probe) = probes::all()
        .find(|&(path, _)| path == name)
        .unwrap_or_else(|| panic!("no probe is called {name}"));
    let said = match probe {
        Probe::Shows(probe) | Probe::Refuted(probe, _) => {
            let Seen { effect, how } = probe();
            format!("{effect}: {how}")
        }
        Probe::Harmless(probe) => format!("nothing: {}", probe()),
    };
    write!(stdout, "\x01{said}").expect("the harness listens");
    // SAFETY: it ends the process at once, without the functions of `atexit`, in which a probe may have left a thread.
    unsafe { nix::libc::_exit(0) }
}
