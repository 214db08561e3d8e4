//! The fixtures: a program for each kind of call. What must come out stands in the first lines of each; this prints a table of all
//! (`cargo test -p cargo-nonblock --test fixtures -- --nocapture`).
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

#[path = "support/expected.rs"]
mod expected;

use expected::{command, compare, expected, folder, own_entries, programs, said, text};

/// Runs the command as cargo calls it, with none of the surrounding build's flags.
fn nonblock(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the command can be run")
}

/// Builds all fixtures without optimization, and returns what the check says of each.
fn checked() -> BTreeMap<String, (PathBuf, Value)> {
    let manifest = folder().join("Cargo.toml").display().to_string();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures").display().to_string();
    let output = nonblock(&[
        "check",
        "--manifest-path",
        &manifest,
        "--target-dir",
        &target,
        "--bins",
        "--offline",
        "--locked",
        "--format",
        "json",
    ]);
    let programs = programs(&output).into_iter().map(|program| {
        let path = PathBuf::from(text(&program, "program"));
        (path.file_name().expect("a name").to_string_lossy().into_owned(), (path, program))
    });
    programs.collect()
}

#[test]
fn each_fixture_comes_out_as_its_first_lines_say() {
    let checked = checked();
    let mut table = String::new();
    let mut wrong = 0;
    for file in fs::read_dir(folder().join("src/bin")).expect("the fixtures") {
        let file = file.expect("a file").path();
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let (path, program) =
            checked.get(&name).unwrap_or_else(|| panic!("{name} was not checked"));
        let expected = expected(&name);
        assert!(!expected.is_empty(), "{name} does not say what must come out");
        let plain: Vec<_> =
            expected.iter().filter(|expected| expected.options.is_empty()).collect();
        let mut outcomes = vec![compare(&own_entries(program), &plain)];
        for expected in expected.iter().filter(|expected| !expected.options.is_empty()) {
            let path = path.display().to_string();
            let mut arguments = vec!["check", &path, "--format", "json"];
            arguments.extend(expected.options.iter().map(String::as_str));
            let again = programs(&nonblock(&arguments));
            outcomes.push(compare(&own_entries(&again[0]), &[expected]));
        }
        for outcome in outcomes {
            wrong += usize::from(outcome.is_err());
            let results: Vec<_> = expected
                .iter()
                .map(|expected| format!("{} {}", expected.result, expected.says))
                .collect();
            let outcome = outcome.err().unwrap_or_else(|| "as expected".to_owned());
            let _ = writeln!(table, "{name:24} {:64} {outcome}", results.join(", "));
        }
    }
    println!("{table}");
    assert_eq!(wrong, 0, "\n{table}");
}

/// The place of a section is that of the call, as in the reports at run time; and of a poll that where the future is made one.
#[test]
fn a_section_is_where_it_is_entered() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures").display().to_string();
    let manifest = folder().join("Cargo.toml").display().to_string();
    let line = |fixture: &str, function: &str| {
        let mut arguments = vec!["check", "--manifest-path", &manifest, "--target-dir", &target];
        arguments.extend(["--bin", fixture, "--offline", "--locked", "--format", "json"]);
        let entries = own_entries(&programs(&nonblock(&arguments))[0]);
        let entry = entries.iter().find(|entry| text(entry, "function").starts_with(function));
        let entry = entry.unwrap_or_else(|| panic!("no section of {function}"));
        assert!(text(&entry["place"], "file").ends_with(&format!("src/bin/{fixture}.rs")));
        entry["place"]["line"].clone()
    };
    let at = |fixture: &str, part: &str| {
        let source = fs::read_to_string(folder().join(format!("src/bin/{fixture}.rs")));
        let source = source.expect("the fixture");
        1 + source.lines().position(|line| line.contains(part)).expect("the line")
    };
    assert_eq!(line("allocation", "allocation::main"), at("allocation", "nonblock::non_block("));
    assert_eq!(line("polled_future", "polled_future::sleeps"), at("polled_future", ".non_block()"));
    assert_eq!(line("polled_future", "polled_future::adds"), at("polled_future", "async fn adds"));
}

/// A run of the watch, against what was proved.
#[test]
fn a_call_that_the_watch_saw_in_a_proved_section_is_an_error_of_its_own() {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = temporary.join("fixtures").display().to_string();
    let manifest = folder().join("Cargo.toml").display().to_string();
    let trace = temporary.join("trace.jsonl");
    let against = |lines: &[&str], bins: &[&str]| {
        fs::write(&trace, lines.join("\n")).expect("the file can be written");
        let trace = trace.display().to_string();
        let mut arguments = vec!["check", "--manifest-path", &manifest, "--target-dir", &target];
        for bin in bins {
            arguments.extend(["--bin", bin]);
        }
        arguments.extend(["--offline", "--locked", "--against", &trace]);
        let Output { status, stdout, stderr } = nonblock(&arguments);
        (
            status.code(),
            format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)),
        )
    };
    // As the watch writes it: the file as rustc names it, from the workspace's folder.
    let line = |file: &str, line: u32, function: &str| {
        format!(
            r#"{{"kind":"SyscallInNonBlock","section":{{"file":"src/bin/{file}.rs","line":{line}}},"found":"","system_call":"mmap","slept":false,"nanoseconds":1,"occurrence":1,"user_frame":null,"frames":[{{"address":1,"function":"{function}","file":null,"line":null}}]}}"#
        )
    };
    let section = |name: &str| {
        let source =
            fs::read_to_string(folder().join(format!("src/bin/{name}.rs"))).expect("the fixture");
        let at = source
            .lines()
            .position(|line| line.contains("nonblock::non_block("))
            .expect("a section");
        u32::try_from(at + 1).expect("a line")
    };
    let (proved, reaches) = (section("allocation"), section("closure"));
    let (code, said) = against(&[&line("allocation", proved, "allocation::main")], &["allocation"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("CONTRADICTION"), "{said}");
    // That sections may allocate is assumed.
    for function in ["malloc", "__GI___libc_malloc"] {
        let (code, said) = against(&[&line("allocation", proved, function)], &["allocation"]);
        assert_eq!(code, Some(0), "{said}");
    }
    let (code, said) = against(&[&line("allocation", proved + 100, "f")], &["allocation"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("seen, and not checked: mmap, 1 time"), "{said}");
    let (code, said) = against(&[&line("closure", reaches, "std::thread::sleep")], &["closure"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(!said.contains("not shown by the run"), "{said}");
    let (code, said) = against(&[], &["closure"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("not shown by the run: the section closure::main::{closure#0} at "),
        "{said}"
    );
    assert_eq!(against(&["{}"], &["closure"]).0, Some(3));
}

/// Fixtures are built without a network, so what they need comes with the workspace.
#[test]
fn the_fixtures_need_no_package_that_the_workspace_has_not() {
    let packages = |path: PathBuf| {
        let text = fs::read_to_string(path).expect("a lock file");
        let packages = text.split("[[package]]").filter(|package| package.contains("\nsource = "));
        let lines = |package: &str| {
            package
                .lines()
                .filter(|line| line.starts_with("name") || line.starts_with("version"))
                .collect::<String>()
        };
        packages.map(lines).collect::<Vec<_>>()
    };
    let workspace = packages(folder().join("../../Cargo.lock"));
    let fixtures = packages(folder().join("Cargo.lock"));
    assert!(!fixtures.is_empty());
    let strangers: Vec<_> =
        fixtures.iter().filter(|package| !workspace.contains(package)).collect();
    assert!(
        strangers.is_empty(),
        "run `cargo update --precise` in cargo-nonblock/fixtures: {strangers:?}"
    );
}

/// What a rule accepts is not followed, also where it is known what may be called.
#[test]
fn calls_through_pointers_that_a_rule_accepts_are_not_followed() {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = temporary.join("fixtures").display().to_string();
    let manifest = folder().join("Cargo.toml").display().to_string();
    let rules = temporary.join("accepts.tsv");
    let lines = "pattern\tclass\treason\ndyn_many::run::{closure#0}\taccepts\tIt was looked at.\n";
    fs::write(&rules, lines).expect("the file can be written");
    let rules = rules.display().to_string();
    let mut arguments = vec!["check", "--manifest-path", &manifest, "--target-dir", &target];
    arguments.extend(["--bin", "dyn_many", "--offline", "--locked", "--format", "json"]);
    let result = |arguments: &[&str]| {
        let entry = own_entries(&programs(&nonblock(arguments))[0])[0].clone();
        entry["result"].as_str().expect("a result").to_owned()
    };
    assert_eq!(result(&arguments), "reaches");
    arguments.extend(["--rules", &rules]);
    assert_eq!(result(&arguments), "proved");
}

/// A function that is given a formatter may write to where its caller does: by a parameter, and as a closure that has captured it.
#[test]
fn who_is_given_a_formatter_may_write_anywhere() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures").display().to_string();
    let manifest = folder().join("Cargo.toml").display().to_string();
    for (entry, writes) in [
        ("formatter::in_section", true),
        ("formatter::in_section::{closure#0}", true),
        ("formatter::main::{closure#0}", false),
    ] {
        let mut arguments = vec!["check", "--manifest-path", &manifest, "--target-dir", &target];
        arguments.extend(["--bin", "formatter", "--offline", "--locked", "--format", "json"]);
        arguments.extend(["--no-sections", "--entry", entry]);
        let outcome = programs(&nonblock(&arguments))[0]["entries"][0].clone();
        let result = if writes { "reaches" } else { "proved" };
        assert_eq!(outcome["result"], result, "{entry}");
    }
}

/// Every entry of what is assumed, and of what cannot be seen, names a fixture that shows it.
#[test]
fn the_entries_of_the_readme_name_fixtures() {
    let readme = fs::read_to_string(folder().join("../README.md")).expect("the README");
    let mut count = 0;
    for heading in ["## What it assumes\n", "## What this cannot see\n"] {
        let (_, section) = readme.split_once(heading).expect(heading);
        let section = section.split("\n## ").next().expect("a section");
        for entry in section.split("\n- ").skip(1) {
            let entry = entry.trim_end();
            let names = entry
                .rsplit_once("(fixture")
                .and_then(|(_, names)| names.strip_suffix(')'))
                .unwrap_or_else(|| panic!("no fixture at the end of: {entry}"));
            let names: Vec<_> = names.split('`').skip(1).step_by(2).collect();
            assert!(!names.is_empty(), "{entry}");
            for name in names {
                assert!(folder().join(format!("src/bin/{name}.rs")).exists(), "{name}: {entry}");
            }
            count += 1;
        }
    }
    assert!(count > 10, "{count} entries");
}

/// In an optimized program sections are inlined. Those that are found are proved, and the program is not: nothing may be left of others.
#[test]
fn sections_that_raise_no_alarm_are_proved_in_an_optimized_program_too() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("optimized");
    let names =
        ["no_alarm_arithmetic", "no_alarm_atomics", "no_alarm_spin_lock", "no_alarm_try_lock"];
    let flags = ["-Cdebuginfo=2", "-Cstrip=none", "-Clink-arg=-Wl,--emit-relocs"].join("\x1f");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--quiet", "--offline", "--locked", "--manifest-path"]);
    cargo.arg(folder().join("Cargo.toml")).arg("--target-dir").arg(&target);
    for name in names {
        cargo.args(["--bin", name]);
    }
    cargo
        .env_remove("CARGO_BUILD_TARGET")
        .env_remove("RUSTC_WRAPPER")
        .env("CARGO_ENCODED_RUSTFLAGS", flags);
    assert!(cargo.status().expect("cargo can be run").success());
    for name in names {
        let file = target.join("release").join(name).display().to_string();
        let output = nonblock(&["check", &file, "--format", "json"]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        let program = &programs(&output)[0];
        let entries = own_entries(program);
        assert!(!entries.is_empty(), "{name}: {program:#}");
        for entry in entries {
            assert_eq!(text(&entry, "result"), "proved", "{name}: {}", said(&entry));
        }
        let doubts = program["doubts"].to_string();
        assert!(doubts.contains("The program is optimized."), "{name}: {doubts}");
    }
}
