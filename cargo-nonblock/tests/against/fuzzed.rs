//! Generated programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use cargo_nonblock::report::json::Report;

use super::generator::{C, Program, SECTIONS};
use super::run::{compared, entries, folder, summary, watched, workspace};

/// How many programs are generated, unless the environment says so.
const PROGRAMS: u64 = 3;

/// How many of the sections that do nothing that blocks are proved, at least, in percent. The others are those of which not all calls can
/// be followed.
const PROVED: usize = 25;

const BUILD: &str = r#"
use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    let folder = env::var("OUT_DIR").expect("cargo sets it");
    let run = |command: &mut Command| assert!(command.status().expect("it can be run").success());
    let object = Path::new(&folder).join("callbacks.o");
    run(Command::new("cc").args(["-g", "-O0", "-fPIC", "-c", "callbacks.c", "-o"]).arg(&object));
    let archive = Path::new(&folder).join("libcallbacks.a");
    run(Command::new("ar").arg("rcs").arg(&archive).arg(&object));
    println!("cargo::rustc-link-search=native={folder}");
    println!("cargo::rerun-if-changed=callbacks.c");
}
"#;

fn seeds() -> u64 {
    let asked = std::env::var("NONBLOCK_AGAINST_SEEDS").ok();
    asked.map_or(PROGRAMS, |count| count.parse().expect("NONBLOCK_AGAINST_SEEDS is a number"))
}

/// Writes a package with the programs.
fn write_package(folder: &Path, programs: &BTreeMap<u64, Program>) {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
        // What has not changed is not built again.
        if fs::read_to_string(&path).ok().as_deref() != Some(text) {
            fs::write(path, text).expect("it can be written");
        }
    };
    let library = workspace().join("nonblock").canonicalize().expect("the library");
    let mut manifest = format!(
        "[package]\nname = \"generated\"\nversion = \"0.0.0\"\nedition = \"2024\"\nautobins = false\n\n\
         [dependencies]\nnonblock = {{ path = {:?}, features = [\"watch\"] }}\n\n[workspace]\n",
        library.display().to_string()
    );
    for (seed, program) in programs {
        let _ =
            write!(manifest, "\n[[bin]]\nname = \"seed_{seed}\"\npath = \"src/seed_{seed}.rs\"\n");
        write(&format!("src/seed_{seed}.rs"), &program.text);
    }
    write("Cargo.toml", &manifest);
    write("build.rs", BUILD);
    write("callbacks.c", C);
    // Built without a network: what the library needs is what the workspace has.
    let lock = folder.join("Cargo.lock");
    if !lock.exists() {
        fs::copy(workspace().join("Cargo.lock"), lock).expect("it can be copied");
    }
}

/// Builds the programs with what the check needs. Cargo does it here, so that none is checked before it has run.
fn build(folder: &Path, target: &Path) {
    let flags = [
        "-Copt-level=0",
        "-Cdebuginfo=2",
        "-Cstrip=none",
        "-Csymbol-mangling-version=v0",
        "-Clink-arg=-Wl,--emit-relocs",
    ];
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--bins", "--offline", "--quiet", "--target-dir"]).arg(target);
    cargo.current_dir(folder).env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    cargo.env_remove("CARGO_BUILD_TARGET").env_remove("RUSTC_WRAPPER");
    assert!(cargo.status().expect("cargo can be run").success());
}

/// What came of the sections that do nothing that blocks.
#[derive(Default)]
struct Quiet {
    all: usize,
    proved: usize,
    /// How often each construct is in one that was not proved.
    not_proved: BTreeMap<&'static str, usize>,
}

impl Quiet {
    fn add(&mut self, seed: u64, program: &Program, report: &Report) {
        for section in program.sections.iter().filter(|section| !section.may_block) {
            let name = format!("seed_{seed}::{}::{{closure#0}}", section.function);
            let entry = entries(report).find(|entry| entry.function == name);
            let entry = entry.unwrap_or_else(|| panic!("no section {name}"));
            self.all += 1;
            if entry.result == "proved" {
                self.proved += 1;
                continue;
            }
            for construct in &section.constructs {
                *self.not_proved.entry(construct).or_default() += 1;
            }
        }
    }
}

/// Each function `call` of a module is checked as well, besides the sections: a call that was seen in one that was proved is a fault, too.
#[test]
fn no_call_is_seen_in_what_is_proved_of_generated_programs() {
    let folder = folder("generated");
    let programs: BTreeMap<_, _> = (1..=seeds()).map(|seed| (seed, Program::of(seed))).collect();
    write_package(&folder, &programs);
    let target = folder.join("target");
    build(&folder, &target);
    let mut quiet = Quiet::default();
    let mut calls = 0;
    for (seed, program) in &programs {
        let path = target.join(format!("debug/seed_{seed}"));
        let trace = folder.join("trace.jsonl");
        let _ = fs::remove_file(&trace);
        let (code, errors) = watched(Command::new(&path).current_dir(&folder), &trace);
        assert_eq!(code, Some(0), "{}: {errors}", path.display());
        let path = path.display().to_string();
        let arguments = [&path, "--no-cache", "--entry", "seed_*::m*::call"];
        let (report, against) = compared(&folder, &arguments, &trace);
        println!("seed {seed}: {}", summary(&report, &against));
        assert!(against.not_checked.is_empty(), "{:#?}", against.not_checked);
        calls += usize::try_from(against.compared).expect("it is a number of lines");
        quiet.add(*seed, program, &report);
    }
    assert!(calls > programs.len() * SECTIONS / 4, "{calls} calls");
    let Quiet { all, proved, not_proved } = quiet;
    println!(
        "{proved} of {all} sections that do nothing that blocks are proved; the others have {not_proved:?}"
    );
    assert!(proved * 100 >= all * PROVED, "{proved} of {all} are proved");
}
