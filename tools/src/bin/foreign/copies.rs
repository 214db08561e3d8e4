//! The copies of the crates that are tested.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nonblock_tools::annotate::{Counts, annotate};
use nonblock_tools::cargo::{self, Outcome, cargo};

use crate::files::{files, has_extension, read, write};
use crate::outcome::Tested;
use crate::sources::{Crate, Sources, fetch};

/// The annotated copies' lock file, beside the fixture.
const LOCK: &str = "annotated.lock";

/// What the documentation of an annotated function says.
const LINE: &str = "Does not block: runs in a section.";

/// What is done to a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing.
    Plain,
    /// The attribute is put on its functions.
    Annotated,
    /// Besides, one of its functions asks whether it might sleep.
    Violating,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Annotated => "annotated",
            Self::Violating => "violating",
        }
    }
}

/// A workspace with a copy of each crate.
#[derive(Debug)]
pub(crate) struct Copies {
    kind: Kind,
    directory: PathBuf,
    target: PathBuf,
    /// What became of the functions of each file, by the file's path from the workspace's folder.
    counts: BTreeMap<PathBuf, Counts>,
}

impl Copies {
    /// Copies the crates.
    pub(crate) fn make(kind: Kind, crates: &[&Crate], sources: &Sources) -> Result<Self, String> {
        let temporary = cargo::temporary("foreign")?;
        let directory = temporary.join(kind.name());
        let mut copies =
            Self { kind, directory, target: temporary.join("target"), counts: BTreeMap::new() };
        let names: Vec<_> = crates.iter().map(|krate| copies.folder(krate)).collect();
        let manifest = format!("[workspace]\nresolver = \"2\"\nmembers = {names:?}\n");
        write(&copies.directory.join("Cargo.toml"), manifest.as_bytes())?;
        // It is the annotated copies': cargo leaves out what the others do not need.
        let lock = sources.directory.join(LOCK);
        if lock.exists() {
            write(&copies.directory.join("Cargo.lock"), read(&lock)?.as_bytes())?;
        }
        for krate in crates {
            copies.copy(krate)?;
        }
        Ok(copies)
    }

    /// Makes the lock file that stands beside the fixture fit the crates.
    pub(crate) fn bless_lock(&self, sources: &Sources) -> Result<(), String> {
        let mut resolve = self.cargo();
        resolve.args(["metadata", "--format-version", "1"]);
        cargo::run(&mut resolve)?.succeeded("cargo metadata")?;
        let lock = read(&self.directory.join("Cargo.lock"))?;
        write(&sources.directory.join(LOCK), lock.as_bytes())
    }

    /// Fetches what the crates' tests need. Returns false where it cannot be had.
    pub(crate) fn fetch(&self) -> Result<bool, String> {
        fetch(&self.directory)
    }

    /// The name of a crate's folder. Cargo tells packages of one name and version apart by it.
    fn folder(&self, krate: &Crate) -> String {
        format!("{}-{}-{}", krate.name, krate.version, self.kind.name())
    }

    fn copy(&mut self, krate: &Crate) -> Result<(), String> {
        let folder = PathBuf::from(self.folder(krate));
        for path in files(&krate.directory)? {
            let name = path.strip_prefix(&krate.directory).unwrap_or(&path);
            if name == Path::new("Cargo.lock") {
                continue;
            }
            let target = folder.join(name);
            let content = if self.kind == Kind::Plain {
                fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?
            } else if name == Path::new("Cargo.toml") {
                (read(&path)? + &dependency()).into_bytes()
            } else if name.starts_with("src") && has_extension(name, "rs") {
                self.annotate(krate, name, &read(&path)?, &target)?.into_bytes()
            } else {
                fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?
            };
            write(&self.directory.join(target), &content)?;
        }
        Ok(())
    }

    /// Puts the attribute on the functions of a file, and counts them.
    fn annotate(
        &mut self,
        krate: &Crate,
        name: &Path,
        text: &str,
        target: &Path,
    ) -> Result<String, String> {
        let annotated = annotate(text, "::nonblock::non_block", krate.granularity)
            .map_err(|error| format!("{}: {error}", target.display()))?;
        self.counts.insert(target.to_owned(), annotated.counts);
        let mut text = annotated.text;
        if self.kind == Kind::Violating
            && let Some(violation) = &krate.violation
            && name == Path::new(&violation.file)
        {
            let after = &violation.after;
            let with_call = text.replacen(after, &format!("{after} ::nonblock::might_sleep();"), 1);
            if with_call == text {
                return Err(format!("{} does not contain {after:?}", target.display()));
            }
            text = with_call;
        }
        Ok(text)
    }

    /// Runs a crate's tests, which must pass.
    pub(crate) fn test(&self, krate: &Crate) -> Result<Tested, String> {
        let what = format!("testing {}", self.folder(krate));
        Ok(Tested::read(&self.run_tests(krate)?.succeeded(&what)?))
    }

    fn run_tests(&self, krate: &Crate) -> Result<Outcome, String> {
        let mut command = self.cargo();
        command
            .args([
                "test",
                "--offline",
                "--no-fail-fast",
                "--lib",
                "--tests",
                "--package",
                &krate.name,
                "--",
            ])
            .args(krate.skipped_tests.iter().flat_map(|test| ["--skip", test]));
        cargo::run(&mut command)
    }

    /// Checks that a crate's tests fail, with a report.
    pub(crate) fn fail(&self, krate: &Crate) -> Result<(), String> {
        let outcome = self.run_tests(krate)?;
        let report = "BUG: sleeping function called from invalid context";
        if outcome.success || !outcome.stdout.contains(report) {
            let Outcome { stdout, stderr, .. } = outcome;
            return Err(format!(
                "a violation in {} is not noticed\n{stdout}\n{stderr}",
                krate.name
            ));
        }
        Ok(())
    }

    /// Builds a crate's documentation, which must say somewhere that a function does not block.
    pub(crate) fn document(&self, krate: &Crate) -> Result<(), String> {
        let mut command = self.cargo();
        command.args(["doc", "--offline", "--no-deps", "--lib", "--package", &krate.name]);
        cargo::run(&mut command)?.succeeded(&format!("documenting {}", krate.name))?;
        for path in files(&self.target.join("doc").join(krate.name.replace('-', "_")))? {
            if has_extension(&path, "html") && read(&path)?.contains(LINE) {
                return Ok(());
            }
        }
        Err(format!("no page of {} says \"{LINE}\"", krate.name))
    }

    fn cargo(&self) -> Command {
        let mut command = cargo(&self.directory);
        command.env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// What became of a crate's functions in the files that are compiled, and how many functions are in others.
    pub(crate) fn counts(&self, krate: &Crate) -> Result<(Counts, usize), String> {
        let compiled = self.compiled()?;
        let mut counts = Counts::default();
        let mut elsewhere = 0;
        for (path, file) in &self.counts {
            if !path.starts_with(self.folder(krate)) {
                continue;
            }
            if compiled.contains(path) {
                counts.add(file);
            } else {
                elsewhere += file.total();
            }
        }
        Ok((counts, elsewhere))
    }

    /// The files that the compiler has read, by its own account, by their paths from the workspace's folder.
    fn compiled(&self) -> Result<BTreeSet<PathBuf>, String> {
        let mut compiled = BTreeSet::new();
        for path in files(&self.target.join("debug/deps"))? {
            if has_extension(&path, "d") {
                // A line for each file, which ends in a colon.
                let text = read(&path)?;
                compiled.extend(
                    text.lines().filter_map(|line| line.strip_suffix(':')).map(PathBuf::from),
                );
            }
        }
        Ok(compiled)
    }
}

/// What an annotated crate's manifest says besides. Checks are on.
fn dependency() -> String {
    // A literal string, which keeps backslashes.
    format!(
        "\n[dependencies.nonblock]\npath = '{}'\ndefault-features = false\nfeatures = [\"std\", \"macros\", \"checks\"]\n",
        cargo::root().join("nonblock").display()
    )
}
