//! How long the compiler takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use nonblock_tools::cargo::{self, Outcome, cargo};
use nonblock_tools::generate::{Variant, source};

/// The crates, in a workspace of their own.
#[derive(Debug)]
pub(crate) struct Crates {
    directory: PathBuf,
}

/// How long the rounds of one crate took, in seconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    /// By the clock.
    pub(crate) wall: Vec<f64>,
    /// By what the processor worked for it, which other programs disturb less.
    pub(crate) processor: Vec<f64>,
}

impl Crates {
    /// Writes the crates, and builds what they depend on.
    pub(crate) fn generate() -> Result<Self, String> {
        let directory = cargo::temporary("expansion_cost")?;
        let crates = Self { directory };
        let names = Variant::ALL.map(Variant::name);
        write(
            &crates.directory.join("Cargo.toml"),
            &format!("[workspace]\nresolver = \"3\"\nmembers = {names:?}\n"),
        )?;
        let nonblock = cargo::root().join("nonblock");
        for variant in Variant::ALL {
            let folder = crates.directory.join(variant.name());
            let manifest = format!(
                "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{}",
                variant.name(),
                variant.dependencies(&nonblock.display().to_string())
            );
            write(&folder.join("Cargo.toml"), &manifest)?;
            write(&folder.join("src/lib.rs"), &source(variant))?;
        }
        eprintln!("building what the crates depend on");
        let checked =
            cargo::run(crates.cargo(false).arg("--workspace"))?.succeeded("cargo check")?;
        if checked.stderr.contains("warning") {
            return Err(format!("a generated crate has warnings\n{}", checked.stderr));
        }
        Ok(crates)
    }

    /// Checks every crate in each round, and returns the times of each, in the order of [`Variant::ALL`].
    pub(crate) fn measure(&self, rounds: usize) -> Result<Vec<Times>, String> {
        let mut times = vec![Times::default(); Variant::ALL.len()];
        for round in 0..rounds {
            eprintln!("round {} of {rounds}", round + 1);
            // Each crate comes first in some round, and last in another.
            for turn in 0..Variant::ALL.len() {
                let variant = Variant::ALL[(turn + round) % Variant::ALL.len()];
                self.time(variant, &mut times[variant as usize])?;
            }
        }
        Ok(times)
    }

    /// The folder of the crates' workspace, in which cargo and the compiler run.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The call of cargo that compiles one crate, and nothing else.
    pub(crate) fn check(&self, variant: Variant) -> Result<Command, String> {
        let path = self.directory.join(variant.name()).join("src/lib.rs");
        // Written anew, it has to be compiled anew.
        fs::write(&path, source(variant))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let mut cargo = self.cargo(true);
        cargo.args(["--package", variant.name()]);
        Ok(cargo)
    }

    fn time(&self, variant: Variant, times: &mut Times) -> Result<(), String> {
        let cargo = self.check(variant)?;
        // The shell knows how long the processor worked for what it started.
        let mut shell = Command::new("sh");
        shell.args(["-c", "\"$@\" && times", "sh"]).arg(cargo.get_program()).args(cargo.get_args());
        shell.current_dir(&self.directory);
        for (name, value) in cargo.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let start = Instant::now();
        let outcome = cargo::run(&mut shell)?;
        times.wall.push(start.elapsed().as_secs_f64());
        let checked = outcome.succeeded("cargo check")?;
        only_one(&checked)?;
        times.processor.push(processor(&checked.stdout)?);
        Ok(())
    }

    fn cargo(&self, offline: bool) -> Command {
        let mut command = cargo(&self.directory);
        command.arg("check").env("CARGO_TARGET_DIR", self.directory.join("target"));
        if offline {
            command.arg("--offline");
        }
        command
    }
}

/// Makes sure that nothing but one crate was compiled.
pub(crate) fn only_one(checked: &Outcome) -> Result<(), String> {
    if checked.stderr.matches("Checking ").count() == 1 {
        return Ok(());
    }
    Err(format!("not one crate was checked\n{}", checked.stderr))
}

/// Reads what the shell's `times` wrote: on the last line, the time of what it started, `0m1.002s 0m0.030s`.
fn processor(stdout: &str) -> Result<f64, String> {
    let unknown = || format!("this shell's `times` cannot be read: {stdout}");
    let mut sum = 0.0;
    for part in stdout.lines().last().unwrap_or_default().split_whitespace() {
        let (minutes, seconds) = part.split_once('m').ok_or_else(unknown)?;
        let seconds = seconds.trim_end_matches('s').parse::<f64>().map_err(|_| unknown())?;
        sum += minutes.parse::<f64>().map_err(|_| unknown())? * 60.0 + seconds;
    }
    if sum > 0.0 { Ok(sum) } else { Err(unknown()) }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", path.display());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}
