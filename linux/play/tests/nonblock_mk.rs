//! What `nonblock.mk` says to a module's Kbuild that does not tell it where things are.

use std::io::ErrorKind;
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const FILE: &str = "linux/nonblock-linux/nonblock.mk";

/// Reads the file with some variables, in a kernel that has Rust. Returns what make says, or `None` without a make.
fn make(variables: &[&str]) -> Option<String> {
    let mut make = Command::new("make");
    make.current_dir(ROOT).env("LC_ALL", "C").env_remove("NONBLOCK").env_remove("MAKEFLAGS");
    make.args(["--dry-run", "--file", FILE, "obj=.", "CONFIG_RUST=y"]).args(variables);
    match make.output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("make does not run: {error}"),
    }
}

#[test]
fn what_is_missing_is_named() {
    let checkout = &*format!("NONBLOCK={ROOT}");
    let cases: [(&[&str], &str); 5] = [
        (&[checkout, "CONFIG_RUST="], "this kernel was built without Rust"),
        (&[], "NONBLOCK is not set"),
        (&["NONBLOCK=/nowhere"], "NONBLOCK=/nowhere is no checkout of nonblock"),
        (&[checkout], "NONBLOCK_MACROS is not set"),
        (&[checkout, "NONBLOCK_MACROS=/nowhere.so"], "NONBLOCK_MACROS=/nowhere.so does not exist"),
    ];
    for (variables, words) in cases {
        let Some(said) = make(variables) else { return };
        assert!(said.contains(&format!("*** nonblock: {words}")), "{variables:?}: {said}");
    }
}

#[test]
fn what_is_there_is_taken() {
    // Any file that is there: no rule is run.
    let said = make(&[&format!("NONBLOCK={ROOT}"), &format!("NONBLOCK_MACROS={ROOT}/Cargo.toml")]);
    assert!(said.is_none_or(|said| !said.contains("*** nonblock:")));
}
