//! Workspaces of generated crates. Their build times are measured.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nonblock_tools::cargo::{self, Outcome, cargo};

use super::files;

#[derive(Debug)]
pub(crate) struct Generated {
    directory: PathBuf,
}

impl Generated {
    /// Makes a workspace of crates, each with its name, its dependencies and its one source file.
    pub(crate) fn new(
        name: &str,
        file: &str,
        crates: &[(String, String, String)],
    ) -> Result<Self, String> {
        let directory = cargo::temporary("benches")?.join(name);
        let names: Vec<_> = crates.iter().map(|(name, _, _)| name).collect();
        let root = format!(
            "[workspace]\nresolver = \"3\"\nmembers = {names:?}\n\n[profile.release]\nstrip = true\n"
        );
        files::write(&directory.join("Cargo.toml"), &root)?;
        for (name, dependencies, source) in crates {
            let manifest = format!(
                "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}"
            );
            files::write(&directory.join(name).join("Cargo.toml"), &manifest)?;
            files::write(&directory.join(name).join("src").join(file), source)?;
        }
        // The versions that the workspace itself is built with.
        let lock = cargo::root().join("Cargo.lock");
        fs::copy(&lock, directory.join("Cargo.lock"))
            .map_err(|error| format!("cannot copy {}: {error}", lock.display()))?;
        Ok(Self { directory })
    }

    /// Cargo in the workspace, with a target folder of its own.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo(&self.directory);
        command.args(arguments).env("CARGO_TARGET_DIR", self.directory.join("target"));
        command
    }

    /// A file that a crate's build makes.
    pub(crate) fn built(&self, name: &str) -> PathBuf {
        self.directory.join("target/release").join(name)
    }

    /// Has a crate compiled anew by the next build.
    pub(crate) fn touch(&self, name: &str, file: &str, source: &str) -> Result<(), String> {
        files::write(&self.directory.join(name).join("src").join(file), source)
    }

    /// Removes all that was built.
    pub(crate) fn clean(&self) -> Result<(), String> {
        match fs::remove_dir_all(self.directory.join("target")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("cannot remove {}: {error}", self.directory.join("target").display()))
            }
            _ => Ok(()),
        }
    }
}

/// Runs a command to its success, and tells how long processors worked for it. Unlike the time on the wall, that says
/// little about what else the machine did.
pub(crate) fn processor_time(command: &mut Command) -> Result<(Outcome, Duration), String> {
    let used = || -> Result<Duration, String> {
        let usage =
            getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| format!("getrusage: {error}"))?;
        let micros = |time: nix::sys::time::TimeVal| {
            u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or_default()
        };
        Ok(Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time())))
    };
    let before = used()?;
    let outcome = cargo::run(command)?.succeeded("cargo")?;
    Ok((outcome, used()?.saturating_sub(before)))
}
