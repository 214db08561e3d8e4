//! How long the compiler takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use nonblock_tools::cargo::{self, cargo};
use nonblock_tools::generate::{Variant, source};

/// The crates, in a workspace of their own.
#[derive(Debug)]
pub(crate) struct Crates {
    directory: PathBuf,
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

    /// Checks every crate in each round, and returns the seconds of each, in the order of [`Variant::ALL`].
    pub(crate) fn measure(&self, rounds: usize) -> Result<Vec<Vec<f64>>, String> {
        let mut times = vec![Vec::new(); Variant::ALL.len()];
        for round in 0..rounds {
            eprintln!("round {} of {rounds}", round + 1);
            // Each crate comes first in some round, and last in another.
            for turn in 0..Variant::ALL.len() {
                let variant = Variant::ALL[(turn + round) % Variant::ALL.len()];
                times[variant as usize].push(self.time(variant)?);
            }
        }
        Ok(times)
    }

    fn time(&self, variant: Variant) -> Result<f64, String> {
        let path = self.directory.join(variant.name()).join("src/lib.rs");
        // Written anew, it has to be compiled anew.
        fs::write(&path, source(variant))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let mut command = self.cargo(true);
        command.args(["--package", variant.name()]);
        let start = Instant::now();
        let outcome = cargo::run(&mut command)?;
        let time = start.elapsed().as_secs_f64();
        let checked = outcome.succeeded("cargo check")?;
        if checked.stderr.matches("Checking ").count() != 1 {
            return Err(format!("other crates were checked as well\n{}", checked.stderr));
        }
        Ok(time)
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

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
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
