//! How long a check takes, and how much memory, by the size of the program: `cargo bench -p cargo-nonblock --bench sizes`.
//!
//! The programs are generated: C functions that call each other, compiled without optimization, all of which the entry reaches. With
//! files as arguments (`-- FILE ENTRY`), these are measured instead.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;
use std::{env, fs};

use cargo_nonblock::check::{self, Options};
use cargo_nonblock::demangle::Pattern;
use cargo_nonblock::mapped::Mapped;

const SIZES: [usize; 3] = [5_000, 50_000, 200_000];
const PER_FILE: usize = 5_000;

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
        ["--bench"] => sizes(),
        // As a test there is nothing to do.
        _ => {}
    }
    ExitCode::SUCCESS
}

fn sizes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sizes");
    fs::create_dir_all(&folder).expect("a folder");
    head();
    let mut before = None;
    for functions in SIZES {
        let program = generate(&folder, functions);
        before = Some(line(&program, "f0", before.as_ref()));
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

/// Returns for how long this process has run on a processor.
fn cpu_seconds() -> f64 {
    let times = fs::read_to_string("/proc/self/schedstat").expect("Linux");
    let nanoseconds = times.split_whitespace().next().expect("a time");
    nanoseconds.parse::<f64>().expect("a number") / 1e9
}

/// Writes and compiles a program with so many functions. Each calls two others, so that all are reached.
fn generate(folder: &Path, functions: usize) -> PathBuf {
    let (mut objects, mut running) = (Vec::new(), Vec::new());
    for (file, from) in (0..functions).step_by(PER_FILE).enumerate() {
        let to = functions.min(from + PER_FILE);
        let mut source = "#include <unistd.h>\n".to_owned();
        for number in from..to {
            let callees =
                [2 * number + 1, 2 * number + 2].into_iter().filter(|callee| *callee < functions);
            let callees: Vec<_> = callees.collect();
            for callee in &callees {
                let _ = writeln!(source, "int f{callee}(int, const char *);");
            }
            let _ = writeln!(source, "int f{number}(int x, const char *name) {{");
            let _ = writeln!(
                source,
                "  struct {{ int count; const char *name; long sum; }} state = {{ x, name, 0 }};"
            );
            let _ = writeln!(
                source,
                "  for (int i = 0; i < x; i++) {{ state.sum += state.count * i ^ {number}; }}"
            );
            for callee in &callees {
                let _ = writeln!(
                    source,
                    "  if (state.sum > {callee}) {{ state.count += f{callee}(x - 1, state.name); }}"
                );
            }
            if number % 1_000 == 999 {
                let _ = writeln!(source, "  usleep(state.count);");
            }
            let _ = writeln!(source, "  return state.count;\n}}");
        }
        if to == functions {
            source.push_str(
                "int f0(int, const char *);\nint main(void) { return f0(1, \"name\"); }\n",
            );
        }
        let (source_file, object) =
            (folder.join(format!("{file}.c")), folder.join(format!("{file}.o")));
        fs::write(&source_file, source).expect("it can be written");
        let mut compiler = Command::new("cc");
        compiler.args(["-g", "-O0", "-c"]).arg(&source_file).arg("-o").arg(&object);
        running.push(compiler.spawn().expect("a C compiler"));
        objects.push(object);
        while running.len() > 1 || (to == functions && !running.is_empty()) {
            assert!(running.remove(0).wait().expect("a C compiler").success());
        }
    }
    let program = folder.join(format!("program-{functions}"));
    cc(Command::new("cc").args(&objects).arg("-Wl,--emit-relocs").arg("-o").arg(&program));
    for object in objects {
        fs::remove_file(object).expect("it can be removed");
    }
    program
}

fn cc(command: &mut Command) {
    assert!(command.status().expect("a C compiler").success());
}
