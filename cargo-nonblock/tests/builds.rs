//! What cargo builds to be checked: with the user's own flags, and each program once.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A package of one program, below a folder of a workspace. It calls `process`, in which it sleeps under the flag `--cfg sleeps`.
fn package(folder: &Path, name: &str, program: &str) {
    fs::create_dir_all(folder.join("src")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[[bin]]\nname = \"{program}\"\npath = \"src/main.rs\"\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("it can be written");
    let source = "#[inline(never)]\nfn process() {\n    #[cfg(sleeps)]\n    std::thread::sleep(std::time::Duration::from_millis(1));\n}\n\nfn main() {\n    process();\n}\n";
    fs::write(folder.join("src/main.rs"), source).expect("it can be written");
}

/// A workspace with these packages, each with its program's name.
fn workspace(name: &str, packages: &[(&str, &str)], configuration: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(folder.join(".cargo")).expect("a folder");
    fs::write(folder.join(".cargo/config.toml"), configuration).expect("it can be written");
    let mut members = Vec::new();
    for (member, program) in packages {
        package(&folder.join(member), member, program);
        members.push(format!("{member:?}"));
    }
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n", members.join(", "));
    fs::write(folder.join("Cargo.toml"), manifest).expect("it can be written");
    folder
}

fn check(folder: &Path, more: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-nonblock"));
    command.args(["check", "--offline", "--quiet", "--no-sections", "--entry", "*::process"]);
    for variable in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
        "RUSTC_WRAPPER",
    ] {
        command.env_remove(variable);
    }
    let command = command.args(more).envs(environment.iter().copied()).current_dir(folder);
    command.output().expect("the command can be run")
}

/// Cargo takes flags from one place only. Those of the check come on top of the user's, wherever these are.
#[test]
fn the_users_own_flags_stay() {
    let code = |name: &str, configuration: &str, environment: &[(&str, &str)]| {
        let output =
            check(&workspace(name, &[("single", "single")], configuration), &[], environment);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let sleeps = "rustflags = [\"--cfg\", \"sleeps\"]\n";
    let checks = |said: (Option<i32>, String), expected: i32| {
        assert_eq!(said.0, Some(expected), "{}", said.1);
    };
    checks(code("flags_none", "", &[]), 0);
    checks(code("flags_build", &format!("[build]\n{sleeps}"), &[]), 1);
    checks(code("flags_target", &format!("[target.'cfg(unix)']\n{sleeps}"), &[]), 1);
    // Of these two cargo takes the target's.
    let both = format!("[target.'cfg(unix)']\n{sleeps}[build]\nrustflags = []\n");
    checks(code("flags_both", &both, &[]), 1);
    checks(code("flags_variable", "", &[("RUSTFLAGS", "--cfg sleeps")]), 1);
    checks(code("flags_build_variable", "", &[("CARGO_BUILD_RUSTFLAGS", "--cfg sleeps")]), 1);
}

/// Cargo only warns, and leaves the one that was built last.
#[test]
fn two_programs_of_one_name_are_not_checked_as_one() {
    let packages = [("first", "same"), ("second", "same")];
    let folder = workspace("same_names", &packages, "");
    let output = check(&folder, &[], &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("two packages build a program of one name"), "{said}");
    let output = check(&folder, &["--package", "second"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
