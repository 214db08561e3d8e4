//! How long a check takes, and how much memory, by the size of the program: `cargo bench -p cargo-nonblock --bench sizes`.
//!
//! The programs are generated and compiled without optimization. There are two kinds, since they need different work: of the one, the
//! entry reaches all functions, and of the other all that is called by computed addresses. With files as arguments
//! (`-- FILE ENTRY`), these are measured instead.

mod c;
mod objects;
mod programs;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use std::{env, fs};

use cargo_nonblock::check::{self, Options};
use cargo_nonblock::demangle::Pattern;
use cargo_nonblock::mapped::Mapped;

use programs::Programs;

const SIZES: [usize; 3] = [5_000, 50_000, 200_000];

/// What one check took.
struct Measured {
    functions: usize,
    reached: usize,
    seconds: f64,
    /// Without what other processes took.
    cpu_seconds: f64,
    /// The most memory that the process had.
    kilobytes: u64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--measure", file, entry] => measure(Path::new(file), entry),
        [file, entry, "--bench"] => {
            head();
            line(Path::new(file), entry, None);
        }
        ["--bench"] => {
            sizes::<c::Functions>();
            sizes::<objects::Objects>();
        }
        // As a test there is nothing to do.
        _ => {}
    }
    ExitCode::SUCCESS
}

fn sizes<P: Programs>() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sizes");
    fs::create_dir_all(&folder).expect("a folder");
    println!("{}:", P::WHAT);
    head();
    let mut before = None;
    for functions in SIZES {
        let program = P::make(&folder, functions);
        before = Some(line(&program, P::ENTRY, before.as_ref()));
    }
    fs::remove_dir_all(&folder).expect("it can be removed");
}

fn head() {
    println!(
        "{:>9} {:>9} {:>6} {:>8} {:>8} {:>8}  growth",
        "functions", "reached", "MB", "seconds", "of CPU", "peak MiB"
    );
}

/// Checks a program in a process of its own, and prints what it took.
fn line(program: &Path, entry: &str, before: Option<&Measured>) -> Measured {
    let own = env::current_exe().expect("this program");
    let output = Command::new(own).arg("--measure").arg(program).arg(entry).output();
    let output = output.expect("it can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let fields: Vec<_> = text.split_whitespace().collect();
    let measured = Measured {
        functions: fields[0].parse().expect("a number"),
        reached: fields[1].parse().expect("a number"),
        seconds: fields[2].parse().expect("a number"),
        cpu_seconds: fields[3].parse().expect("a number"),
        kilobytes: fields[4].parse().expect("a number"),
    };
    let megabytes = fs::metadata(program).expect("a file").len() / 1_000_000;
    let growth = before.map_or_else(String::new, |before| {
        let ratio = |now: usize, then: usize| {
            f64::from(u32::try_from(now).expect("few"))
                / f64::from(u32::try_from(then).expect("few"))
        };
        let functions = ratio(measured.functions, before.functions);
        format!(
            "{:.1} times the functions, {:.1} times the time",
            functions,
            measured.cpu_seconds / before.cpu_seconds
        )
    });
    println!(
        "{:9} {:9} {megabytes:6} {:8.3} {:8.3} {:8}  {growth}",
        measured.functions,
        measured.reached,
        measured.seconds,
        measured.cpu_seconds,
        measured.kilobytes / 1024
    );
    measured
}

/// Checks a program, and prints what it took.
fn measure(file: &Path, entry: &str) {
    let start = Instant::now();
    let program = Mapped::open(file).expect("it can be read");
    let options =
        Options { entries: vec![Pattern::new(entry)], sections: true, ..Options::default() };
    let outcome = check::check(program.bytes(), &options).expect("it can be checked");
    let seconds = start.elapsed().as_secs_f64();
    let reached: usize = outcome.entries.iter().map(|entry| entry.functions).sum();
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the most memory");
    let kilobytes = peak.split_whitespace().next().expect("a number");
    println!("{} {reached} {seconds} {} {kilobytes}", outcome.functions, cpu_seconds());
    for (part, took) in &outcome.timings {
        eprintln!("{:8.3} s {part}", took.as_secs_f64());
    }
}

/// Returns for how long this process has run on a processor, with all of its threads.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("a time").as_secs_f64()
}
