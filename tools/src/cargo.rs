//! Calls of cargo that do not inherit the settings of the build that runs the tool.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// What came of a call.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Whether it succeeded.
    pub success: bool,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Outcome {
    /// Passes on what succeeded, and makes an error with all that was written of what did not.
    ///
    /// # Errors
    ///
    /// If the call failed.
    pub fn succeeded(self, what: &str) -> Result<Self, String> {
        if self.success {
            return Ok(self);
        }
        Err(format!("{what} failed\n{}\n{}", self.stdout, self.stderr))
    }
}

/// The cargo that the tool was started by, in a folder, with the environment of a user's shell.
#[must_use]
pub fn cargo(directory: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(directory).env("CARGO_TERM_COLOR", "never").env("CARGO_INCREMENTAL", "0");
    for name in
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER", "NONBLOCK"]
    {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end.
///
/// # Errors
///
/// If it cannot be started.
pub fn run(command: &mut Command) -> Result<Outcome, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start {command:?}: {error}"))?;
    Ok(Outcome {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Reads `cargo metadata` in a folder.
///
/// # Errors
///
/// If cargo fails.
pub fn metadata(directory: &Path, arguments: &[&str]) -> Result<Value, String> {
    let mut command = cargo(directory);
    command.args(["metadata", "--format-version", "1", "--offline"]).args(arguments);
    let outcome = run(&mut command)?.succeeded("cargo metadata")?;
    serde_json::from_str(&outcome.stdout).map_err(|error| format!("cargo metadata: {error}"))
}

/// The root of the workspace that has this tool.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tools are a folder of the workspace")
        .to_owned()
}

/// A folder for the tool to build in: in the workspace's target folder.
///
/// # Errors
///
/// If cargo fails.
pub fn temporary(name: &str) -> Result<PathBuf, String> {
    let metadata = metadata(&root(), &["--no-deps", "--locked"])?;
    let target =
        metadata["target_directory"].as_str().ok_or("cargo metadata names no target folder")?;
    Ok(Path::new(target).join("tmp").join(name))
}
