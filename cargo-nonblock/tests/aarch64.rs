//! The fixtures, built for 64-bit Arm: nothing may come out proved there that is not on x86-64. What comes out otherwise than their first
//! lines say stands in `aarch64/outcomes.tsv`.
//!
//! It needs rustc's library for that processor, and a C compiler: `cargo-nonblock/aarch64/toolchain FOLDER` gets both.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[path = "support/expected.rs"]
mod expected;

use expected::{Expected, command, compare, expected, folder, own_entries, programs, said, text};

const TARGET: &str = "aarch64-unknown-linux-gnu";
const COMPILER: &str = "aarch64-linux-gnu-gcc";

/// The fixtures of which it is not the instructions of this processor that they show.
const OTHERS: &str = "//! only: x86_64";

/// Where programs are looked for: also where `CARGO_NONBLOCK_AARCH64` says that the compiler is.
fn path() -> Vec<PathBuf> {
    let folder = env::var_os("CARGO_NONBLOCK_AARCH64");
    let folder = folder.filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    folder.into_iter().chain(env::split_paths(&path)).collect()
}

/// What is missing here, if something is.
fn missing() -> Option<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output =
        Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let library = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if !library.is_ok_and(|library| Path::new(&library).is_dir()) {
        return Some(format!("rustc has no library for {TARGET}"));
    }
    let has_compiler = path().iter().any(|folder| folder.join(COMPILER).exists());
    (!has_compiler).then(|| format!("there is no {COMPILER}"))
}

/// Runs the command with the compiler for the other processor.
fn run(arguments: &[&str]) -> Vec<Value> {
    let path = env::join_paths(path()).expect("no folder has a colon in its name");
    let mut command = command(arguments);
    command.env("PATH", path).env("CARGO_BUILD_TARGET", TARGET);
    command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", COMPILER);
    programs(&command.output().expect("the command can be run"))
}

/// Builds all fixtures without optimization, and returns what the check says of each.
fn checked() -> BTreeMap<String, (PathBuf, Value)> {
    let manifest = folder().join("Cargo.toml").display().to_string();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("aarch64").display().to_string();
    let mut arguments = vec!["check", "--manifest-path", &manifest, "--target-dir", &target];
    arguments.extend(["--bins", "--offline", "--locked", "--format", "json"]);
    let programs = run(&arguments).into_iter().map(|program| {
        let path = PathBuf::from(text(&program, "program"));
        (path.file_name().expect("a name").to_string_lossy().into_owned(), (path, program))
    });
    programs.collect()
}

/// How many entries are not proved, at least. What must come out comes first.
fn not_proved(expected: &[&Expected], entries: &[Value]) -> (usize, usize) {
    let of_expected = expected.iter().filter(|expected| expected.result != "proved").count();
    let found = entries.iter().filter(|entry| text(entry, "result") != "proved").count();
    (of_expected, found)
}

/// What came out of the entries, in a line.
fn outcome(entries: &[Value]) -> String {
    let outcome = |entry: &Value| format!("{} {}", text(entry, "function"), text(entry, "result"));
    let mut outcomes: Vec<_> = entries.iter().map(outcome).collect();
    outcomes.sort();
    outcomes.join("; ")
}

/// What comes out otherwise, by the fixture and the options.
fn others() -> BTreeMap<(String, String), String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aarch64/outcomes.tsv");
    let table = fs::read_to_string(file).expect("the table");
    let lines = table.lines().filter(|line| !line.starts_with('#')).skip(1);
    let rows = lines.map(|line| {
        let columns: Vec<_> = line.split('\t').collect();
        let [fixture, options, outcome, reason] = columns[..] else { panic!("{line}") };
        assert!(!reason.is_empty(), "{line}");
        ((fixture.to_owned(), options.to_owned()), outcome.to_owned())
    });
    rows.collect()
}

#[test]
fn nothing_is_proved_that_is_not_on_x86_64() {
    if let Some(missing) = missing() {
        println!("skipped: {missing}");
        return;
    }
    let (checked, mut others) = (checked(), others());
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in fs::read_dir(folder().join("src/bin")).expect("the fixtures") {
        let file = file.expect("a file").path();
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let source = fs::read_to_string(&file).expect("the fixture");
        if source.lines().any(|line| line == OTHERS) {
            continue;
        }
        let (path, program) =
            checked.get(&name).unwrap_or_else(|| panic!("{name} was not checked"));
        let mut by_options: BTreeMap<String, Vec<Expected>> = BTreeMap::new();
        for expected in expected(&name) {
            by_options.entry(expected.options.join(" ")).or_default().push(expected);
        }
        for (options, expected) in by_options {
            let expected: Vec<_> = expected.iter().collect();
            let entries = if options.is_empty() {
                own_entries(program)
            } else {
                let path = path.display().to_string();
                let mut arguments = vec!["check", &path, "--format", "json"];
                arguments.extend(options.split(' '));
                own_entries(&run(&arguments)[0])
            };
            count += 1;
            let (least, found) = not_proved(&expected, &entries);
            if found < least || entries.len() < expected.len() {
                wrong.push(format!("{name} {options}: too much is proved: {}", outcome(&entries)));
            }
            let known = others.remove(&(name.clone(), options.clone()));
            let is_as_expected = compare(&entries, &expected);
            let is_known = known.as_ref() == Some(&outcome(&entries));
            if is_as_expected.is_ok() == known.is_some() || (known.is_some() && !is_known) {
                let said: Vec<_> = entries.iter().map(said).collect();
                wrong.push(format!(
                    "{name}\t{options}\t{}\t({is_as_expected:?}; {said:?})",
                    outcome(&entries)
                ));
            }
        }
    }
    println!("{count} outcomes were compared");
    assert!(count > 80, "{count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(others.is_empty(), "the table has what is not there: {others:?}");
}
