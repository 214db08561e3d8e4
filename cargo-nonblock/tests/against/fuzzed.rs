//! Generated programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::generator::{C, Program, SECTIONS};
use super::run::{check, compared, entries, folder, summary, watched, workspace};

/// How many programs are generated, unless the environment says so.
const PROGRAMS: u64 = 2;

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

/// Each function `call` of a module is checked as well, besides the sections: a call that was seen in one that was proved is a fault, too.
#[test]
fn no_call_is_seen_in_what_is_proved_of_generated_programs() {
    let folder = folder("generated");
    let programs: BTreeMap<_, _> = (1..=seeds()).map(|seed| (seed, Program::of(seed))).collect();
    write_package(&folder, &programs);
    let target = folder.join("target").display().to_string();
    let arguments = ["--bins", "--offline", "--entry", "seed_*::m*::call", "--target-dir", &target];
    let (_, report) = check(&folder, &arguments);
    assert_eq!(report.programs.len(), programs.len());
    let trace = folder.join("trace.jsonl");
    let _ = fs::remove_file(&trace);
    for program in &report.programs {
        let path = folder.join(&program.program);
        let (code, errors) = watched(Command::new(&path).current_dir(&folder), &trace);
        assert_eq!(code, Some(0), "{}: {errors}", path.display());
    }
    let (report, against) = compared(&folder, &arguments, &trace);
    println!("{}", summary(&report, &against));
    assert!(against.not_checked.is_empty(), "{:#?}", against.not_checked);
    let calls = usize::try_from(against.compared).expect("it is a number of lines");
    assert!(calls > programs.len() * SECTIONS / 4, "{calls} calls");

    let of_section = |seed: u64, function: &str| {
        let name = format!("seed_{seed}::{function}::{{closure#0}}");
        let found = entries(&report).find(|entry| entry.function == name);
        found.unwrap_or_else(|| panic!("no section {name}"))
    };
    let (mut quiet, mut proved, mut not_proved) = (0, 0, BTreeMap::<&str, usize>::new());
    for (seed, program) in &programs {
        for section in program.sections.iter().filter(|section| !section.may_block) {
            quiet += 1;
            let entry = of_section(*seed, &section.function);
            if entry.result == "proved" {
                proved += 1;
                continue;
            }
            let whats = entry.findings.iter().map(|finding| &finding.leaf);
            let whats = whats.chain(entry.not_followed.iter().map(|obstacle| &obstacle.reason));
            println!(
                "seed_{seed}::{} ({}): {:?}",
                section.function,
                section.constructs.join(", "),
                whats.collect::<Vec<_>>()
            );
            for construct in &section.constructs {
                *not_proved.entry(construct).or_default() += 1;
            }
        }
    }
    println!(
        "{proved} of {quiet} sections that do nothing that blocks are proved; the others have {not_proved:?}"
    );
    assert!(proved * 100 >= quiet * PROVED, "{proved} of {quiet} are proved");
}
