//! The drivers, as their own tests play them.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::run::{check, compared, folder, summary, watched, workspace};

const DRIVERS: [&str; 8] =
    ["dmirror", "gntdev", "kvm", "legacy", "mmu_rb", "umem_odp", "userptr", "xe_userptr"];

#[test]
fn no_call_is_seen_in_what_is_proved_of_the_drivers() {
    let mut arguments = vec!["--offline", "--locked", "--test", "*"];
    for driver in DRIVERS {
        arguments.extend(["--package", driver]);
    }
    // The watch is to be in the programs.
    arguments.extend(["--features", "nonblock/watch"]);
    let root = workspace();
    let (_, report) = check(&root, &arguments);
    assert!(report.programs.len() >= DRIVERS.len(), "{} programs", report.programs.len());
    let trace = folder("drivers").join("trace.jsonl");
    let _ = fs::remove_file(&trace);
    fs::write(&trace, "").expect("it can be written");
    for program in &report.programs {
        run(&root.join(&program.program), &trace);
    }
    let (report, against) = compared(&root, &arguments, &trace);
    println!("{}", summary(&report, &against));
}

fn run(program: &Path, trace: &Path) {
    let program = program.canonicalize().expect("it was built");
    // Some expect that a rule is broken, and some that nothing is said: what the watch says besides may fail them, and is not asked for here.
    let (code, errors) = watched(&mut Command::new(&program), trace);
    assert!(code.is_some_and(|code| [0, 101].contains(&code)), "{}: {errors}", program.display());
}
