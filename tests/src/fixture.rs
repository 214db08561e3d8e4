//! Crates of `tests/fixtures`, built on their own: outside the workspace, with the features and the profile that a
//! test asks for.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::process::{self, Outcome};

/// How long a build may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(400);

/// A crate of `tests/fixtures`, and where it is built.
#[derive(Clone, Debug)]
pub struct Fixture {
    directory: PathBuf,
    target: PathBuf,
    variables: Vec<(String, OsString)>,
}

impl Fixture {
    /// Names a fixture by its folder, and where the calling test may build: its `CARGO_TARGET_TMPDIR`.
    ///
    /// # Panics
    ///
    /// If its `Cargo.lock` has a package in another version than the workspace's: that one would have to be
    /// fetched, and tests use no network.
    #[track_caller]
    pub fn new(name: &str, temporary: &str) -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let directory = tests.join("fixtures").join(name);
        let workspace = fetched(&tests.join("../Cargo.lock"));
        let strangers: Vec<_> = fetched(&directory.join("Cargo.lock"))
            .into_iter()
            .filter(|package| !workspace.contains(package))
            .collect();
        assert!(
            strangers.is_empty(),
            "the fixture's Cargo.lock has {strangers:?}, which the workspace's has not: run \
             `cargo update --precise` in tests/fixtures/{name}"
        );
        let target = Path::new(temporary).join("fixtures").join(name);
        Self { directory, target, variables: Vec::new() }
    }

    /// The same fixture, built in a folder of its own: builds that differ and are kept must not overwrite
    /// each other.
    #[must_use]
    pub fn in_folder(mut self, name: &str) -> Self {
        self.target.push(name);
        self
    }

    /// The same fixture, with a variable in cargo's environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Returns where the fixture is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns where cargo puts what it builds.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Runs a subcommand of cargo on the fixture, and returns what came of it.
    ///
    /// It uses no network, and takes no flags or settings of the surrounding build's over.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Panics
    ///
    /// If cargo cannot be started, or takes longer than some minutes.
    #[track_caller]
    pub fn cargo(&self, subcommand: &str, arguments: &[&str]) -> Outcome {
        let mut command = Command::new(env!("CARGO"));
        command
            .current_dir(&self.directory)
            .arg(subcommand)
            .args(["--offline", "--locked", "--color", "never"])
            .args(arguments)
            .env("CARGO_TARGET_DIR", &self.target);
        let of_the_surroundings = |name: &str| {
            ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER"]
                .contains(&name)
                || name.starts_with("CARGO_PROFILE_")
        };
        for (name, _value) in std::env::vars_os() {
            if name.to_str().is_some_and(of_the_surroundings) {
                command.env_remove(name);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        process::run(&mut command, PATIENCE)
    }

    /// As [`cargo`](Self::cargo), for what must succeed.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Panics
    ///
    /// If it fails, with what it wrote.
    #[track_caller]
    pub fn succeed(&self, subcommand: &str, arguments: &[&str]) -> Outcome {
        let outcome = self.cargo(subcommand, arguments);
        assert!(outcome.status.success(), "{subcommand} {arguments:?}:\n{}", outcome.stderr);
        outcome
    }

    /// As [`cargo`](Self::cargo), for what must fail; returns what it wrote to standard error.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Panics
    ///
    /// If it succeeds.
    #[track_caller]
    pub fn fail(&self, subcommand: &str, arguments: &[&str]) -> String {
        let outcome = self.cargo(subcommand, arguments);
        assert!(!outcome.status.success(), "{subcommand} {arguments:?} was to fail");
        outcome.stderr
    }
}

/// Reads the name and version of every package in a lock file that is fetched from somewhere.
#[track_caller]
fn fetched(lock: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(lock)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", lock.display()));
    let value = |package: &str, key: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        line.trim_matches([' ', '=', '"']).to_owned()
    };
    text.split("[[package]]")
        .filter(|package| package.contains("\nsource = "))
        .map(|package| format!("{} {}", value(package, "name"), value(package, "version")))
        .collect()
}
