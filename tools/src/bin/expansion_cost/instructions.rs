//! How many instructions the compiler takes: what other programs do on the machine does not change them.
//!
//! Valgrind counts them in the compiler's process, in which the attributes are expanded too.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use nonblock_tools::cargo;
use nonblock_tools::generate::Variant;

use crate::measure::{Crates, only_one};

/// Tells this program, which cargo calls in the place of the compiler, where Valgrind is to write.
const LOGS: &str = "NONBLOCK_EXPANSION_COST_LOGS";

/// Counts the instructions of compiling one crate.
pub(crate) fn count(crates: &Crates, variant: Variant) -> Result<u64, String> {
    let logs = crates.directory().join("valgrind");
    let failed = |error| format!("{}: {error}", logs.display());
    if logs.exists() {
        fs::remove_dir_all(&logs).map_err(failed)?;
    }
    fs::create_dir_all(&logs).map_err(failed)?;
    let this = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let mut check = crates.check(variant)?;
    // It stands before the compiler for these crates alone, and so what they depend on is not built anew.
    check.env("RUSTC_WORKSPACE_WRAPPER", this).env(LOGS, &logs);
    let checked = cargo::run(&mut check)?.succeeded("cargo check under Valgrind")?;
    only_one(&checked)?;
    most(&logs)
}

/// Runs the compiler under Valgrind, if cargo has called this program in the compiler's place.
pub(crate) fn in_the_compilers_place() -> Option<ExitCode> {
    let logs = std::env::var_os(LOGS)?;
    let mut log = OsString::from("--log-file=");
    log.push(Path::new(&logs).join("%p"));
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    valgrind.arg(log).args(std::env::args_os().skip(1)).env_remove(LOGS);
    Some(match valgrind.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("valgrind: {error}");
            ExitCode::FAILURE
        }
    })
}

/// Makes sure that there is a Valgrind.
pub(crate) fn available() -> Result<(), String> {
    match cargo::run(Command::new("valgrind").arg("--version")) {
        Ok(outcome) if outcome.success => Ok(()),
        _ => Err("--instructions needs Valgrind, which is not installed here".to_owned()),
    }
}

/// Of what ran under Valgrind, the compilation is what took most: before it, cargo asks the compiler for its version.
fn most(logs: &Path) -> Result<u64, String> {
    let failed = |error| format!("{}: {error}", logs.display());
    let mut most = None;
    for entry in fs::read_dir(logs).map_err(failed)? {
        let log = fs::read_to_string(entry.map_err(failed)?.path()).map_err(failed)?;
        most = most.max(log.lines().find_map(instructions));
    }
    most.ok_or_else(|| format!("{}: Valgrind counted nothing", logs.display()))
}

/// Reads the line `==123== I   refs:      1,234,567`.
fn instructions(line: &str) -> Option<u64> {
    let (what, count) = line.split_once("refs:")?;
    if what.split_whitespace().next_back() != Some("I") {
        return None;
    }
    count.trim().replace(',', "").parse().ok()
}
