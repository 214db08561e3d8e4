//! Several programs in one report, as cargo builds them.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use cargo_nonblock::report::json::Report;
use serde_json::Value;

use super::support::{exits, file};

/// A package of two programs, of which one sleeps.
fn package(name: &str) -> PathBuf {
    let folder = super::support::folder().join(name);
    fs::create_dir_all(folder.join("src/bin")).expect("a folder");
    let manifest = "[package]\nname = \"pair\"\nedition = \"2024\"\n\n[workspace]\n\n[profile.dev]\nopt-level = 1\noverflow-checks = false\n";
    fs::write(folder.join("Cargo.toml"), manifest).expect("it can be written");
    for (program, body) in [
        ("loud", "std::thread::sleep(std::time::Duration::from_millis(1))"),
        ("quiet", "std::hint::black_box(())"),
    ] {
        let source =
            format!("#[inline(never)]\nfn process() {{ {body}; }}\n\nfn main() {{ process(); }}\n");
        let path = folder.join(format!("src/bin/{program}.rs"));
        fs::write(path, source).expect("it can be written");
    }
    folder
}

fn check(name: &str, more: &[&str]) -> Output {
    let arguments =
        ["check", "--offline", "--quiet", "--bins", "--no-sections", "--entry", "*::process"];
    let mut command = super::support::command(&[&arguments[..], more].concat());
    for variable in
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR"]
    {
        command.env_remove(variable);
    }
    command.current_dir(package(name)).output().expect("the command can be run")
}

#[test]
fn a_check_of_several_programs_ends_with_a_line_for_all() {
    let text = exits(&check("programs_human", &["--list-proved"]), 1);
    let last =
        "\nall of 2 programs: reaches: 1 proved, 0 not proved, 1 that reach what they must not\n";
    assert!(text.ends_with(last), "{text}");
    assert!(
        text.contains("\nproved: the function quiet::process at src/bin/quiet.rs:2 ("),
        "{text}"
    );
    // What they have in common is said once, and how often something was needed for each.
    assert!(text.starts_with("2 programs\n"), "{text}");
    assert_eq!(text.matches("profile: ").count(), 1, "{text}");
    assert_eq!(text.matches("result: ").count(), 2, "{text}");
    let at = |says: &str| text.find(says).unwrap_or_else(|| panic!("no {says}: {text}"));
    assert!(at("debug/loud, ") < at("debug/quiet, "));
}

#[test]
fn the_header_has_cargos_profile_and_what_the_check_adds() {
    let text = exits(&check("programs_profile", &["--format", "json"]), 1);
    let report: Report = serde_json::from_str(&text).expect("it has the documented fields");
    for program in &report.programs {
        let profile = program.profile.as_ref().expect("cargo built it");
        assert_eq!((&*profile.opt_level, &*profile.debug), ("1", "2"));
        assert!(profile.debug_assertions && !profile.overflow_checks && !profile.test);
        assert!(profile.flags.contains(&"-Copt-level=0".to_owned()));
        assert!(program.target.starts_with("x86_64-unknown-linux-"), "{}", program.target);
        assert!(program.toolchain[0].starts_with("rustc 1."), "{:?}", program.toolchain);
    }
    let text = exits(&check("programs_profile", &[]), 1);
    assert!(text.contains("profile: opt-level 1, debug 2, debug assertions on, overflow checks off; the check adds -Copt-level=0 "), "{text}");
}

/// A rule is not needed only if no program needs it.
#[test]
fn a_rule_that_one_program_needs_is_needed() {
    let rules = file(
        "programs.tsv",
        "pattern\tclass\treason\nloud::process => *sleep\tsuppresses\tIt is short.\nnobody\tpermits\tFor nothing.\n",
    );
    let text = exits(&check("programs_rules", &["--rules", &rules, "--format", "sarif"]), 0);
    let report: Value = serde_json::from_str(&text).expect("it is JSON");
    let notes = report["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(!notes.contains("It is short."), "{notes}");
    assert_eq!(notes.matches("For nothing.").count(), 1, "{notes}");
}
