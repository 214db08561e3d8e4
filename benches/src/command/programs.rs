//! The measured program, built for each set of features.
//!
//! A program has one nonblock, with checks on or off for the whole program, and with the watch or lockdep, or without. So the program
//! is built several times. Goals for checks off are measured in one build, goals for checks on in another, and those of the watch and
//! of lockdep in builds of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use benches::results::{Build, Measured};
use nonblock_tools::cargo::{self, cargo};
use serde_json::Value;

use super::arguments::Arguments;

/// A build of the measured program.
#[derive(Debug)]
pub(crate) struct Program {
    features: &'static str,
    pub(crate) build: Build,
    pub(crate) path: PathBuf,
    /// Whether times are measured with this one.
    measures: bool,
    /// Whether instructions are counted with this one.
    pub(crate) counts: bool,
}

impl Program {
    /// Builds the programs that this machine can have, and notes which it cannot.
    pub(crate) fn build_all(notes: &mut Vec<String>) -> Result<Vec<Self>, String> {
        let mut programs = Self::build_counted()?;
        let archive = rtsan_archive()?;
        if let Some(archive) = &archive {
            // The sanitizer takes part with checks on. Under valgrind, the program without it is run.
            let with_peer = Self::build("checks,rtsan", Some(archive))?;
            for program in programs.iter_mut().filter(|program| program.features == "checks") {
                program.measures = false;
            }
            programs.push(Self { counts: false, ..with_peer });
            let watch_with_peer = Self::build("checks,watch,rtsan", Some(archive))?;
            for program in programs.iter_mut().filter(|program| program.features == "checks,watch")
            {
                program.measures = false;
            }
            programs.push(Self { counts: false, ..watch_with_peer });
        } else {
            notes.push(
                "rustc has no RealtimeSanitizer archive in its library folder here: RealtimeSanitizer was left out, and \
                 the goal about it not looked at."
                    .to_owned(),
            );
        }
        Ok(programs)
    }

    /// Builds the programs whose instructions are counted.
    pub(crate) fn build_counted() -> Result<Vec<Self>, String> {
        let mut programs = vec![
            Self::build("", None)?,
            Self::build("checks", None)?,
            Self::build("checks,lockdep", None)?,
        ];
        if cfg!(target_os = "linux") {
            programs.push(Self::build("checks,watch", None)?);
        }
        Ok(programs)
    }

    /// What this build is called.
    pub(crate) fn title(&self) -> String {
        let peer = if self.has("rtsan") { ", with RealtimeSanitizer" } else { "" };
        format!("{}{peer}", self.build.title())
    }

    fn has(&self, feature: &str) -> bool {
        self.features.split(',').any(|own| own == feature)
    }

    fn build(features: &'static str, rtsan: Option<&Path>) -> Result<Self, String> {
        eprintln!("building the rivals, features [{features}]");
        let mut command = cargo(&cargo::root());
        command
            .args(["build", "--release", "--package", "benches", "--bin", "rivals"])
            .args(["--features", features, "--message-format", "json-render-diagnostics"])
            .stderr(Stdio::inherit());
        if let Some(archive) = rtsan {
            command.env("RTSAN_ENABLE", "1").env("RTSAN_LIB_PATH", archive);
        }
        let output = command.output().map_err(|error| format!("cannot start cargo: {error}"))?;
        if !output.status.success() {
            return Err(format!("the rivals do not build, features [{features}]"));
        }
        let built = executable(&String::from_utf8_lossy(&output.stdout))
            .ok_or("cargo names no executable of the rivals")?;
        // The next build takes its place.
        let directory = cargo::temporary("benches")?;
        let path = directory.join(format!("rivals-{}", features.replace(',', "-")));
        fs::create_dir_all(&directory)
            .and_then(|()| fs::copy(&built, &path))
            .map_err(|error| format!("cannot copy {}: {error}", built.display()))?;
        let mut program =
            Self { features, build: Build::Plain, path, measures: true, counts: true };
        if program.has("watch") {
            program.build = Build::Watch;
        } else if program.has("lockdep") {
            program.build = Build::Lockdep;
        } else if program.has("checks") {
            program.build = Build::Checks;
        }
        Ok(program)
    }

    /// Measures the groups of this build.
    pub(crate) fn measure(&self, arguments: &Arguments) -> Result<Vec<Measured>, String> {
        if !self.measures {
            return Ok(Vec::new());
        }
        let mut command = Command::new(&self.path);
        command.arg("measure");
        if arguments.quick {
            command.arg("--quick");
        }
        let written = self.written_by(&mut command, arguments)?;
        serde_json::from_str(&written).map_err(|error| format!("the rivals' results: {error}"))
    }

    /// The groups of this build, not measured.
    pub(crate) fn plan(&self, arguments: &Arguments) -> Result<Vec<Measured>, String> {
        let mut command = Command::new(&self.path);
        let written = self.written_by(command.arg("plan"), arguments)?;
        serde_json::from_str(&written).map_err(|error| format!("the rivals' plan: {error}"))
    }

    /// Runs the program, perhaps under another, and returns what it writes.
    pub(crate) fn written_by(
        &self,
        command: &mut Command,
        arguments: &Arguments,
    ) -> Result<String, String> {
        for only in &arguments.only {
            command.args(["--only", only]);
        }
        // What a violation does is not to be chosen from outside.
        command.env_remove("NONBLOCK").stderr(Stdio::inherit());
        let output = command
            .output()
            .map_err(|error| format!("cannot start {}: {error}", self.path.display()))?;
        if !output.status.success() {
            return Err(format!("the rivals failed, {}: {}", self.title(), output.status));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The executable that a build made, from cargo's messages.
fn executable(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

/// The archive of the realtime sanitizer, which rustc brings for its own sanitizer builds, if it is there.
fn rtsan_archive() -> Result<Option<PathBuf>, String> {
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.current_dir(cargo::root()).args(["--print", "target-libdir"]);
    let printed = cargo::run(&mut command)?.succeeded("rustc --print target-libdir")?;
    let directory = PathBuf::from(printed.stdout.trim());
    let entries = fs::read_dir(&directory)
        .map_err(|error| format!("cannot read {}: {error}", directory.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).find(|path| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with("librustc-") && name.ends_with("_rt.rtsan.a"))
    }))
}
