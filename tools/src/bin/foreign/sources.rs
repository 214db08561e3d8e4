//! Which crates are annotated, and where their sources are.

use std::path::{Path, PathBuf};

use nonblock_tools::annotate::Granularity;
use nonblock_tools::cargo::{self, cargo};
use serde_json::Value;

/// A published crate.
#[derive(Clone, Debug)]
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) edition: String,
    /// What the attribute is put on.
    pub(crate) granularity: Granularity,
    /// The folder of its sources, as they were published.
    pub(crate) directory: PathBuf,
    /// Tests that are not run, since they take minutes.
    pub(crate) skipped_tests: Vec<String>,
    /// Where a call of `might_sleep` must make a test fail.
    pub(crate) violation: Option<Violation>,
}

/// A place in a crate that its tests reach.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) file: String,
    /// The text to put the call after.
    pub(crate) after: String,
}

/// The crates, and the folder that names them.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) directory: PathBuf,
    pub(crate) crates: Vec<Crate>,
}

impl Sources {
    /// Finds the crates that the fixture names, or nothing where they are not here and cannot be fetched.
    pub(crate) fn locate() -> Result<Option<Self>, String> {
        let directory = cargo::root().join("tests/fixtures/foreign");
        if !fetch(&directory)? {
            return Ok(None);
        }
        let metadata = cargo::metadata(&directory, &["--locked"])?;
        let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
        let fixture = packages
            .iter()
            .find(|package| package["name"] == "foreign" && package["source"].is_null())
            .ok_or("cargo metadata does not list the fixture")?;
        let named =
            fixture["metadata"]["annotate"].as_object().ok_or("the fixture names no crates")?;
        let requirements =
            fixture["dependencies"].as_array().ok_or("the fixture has no dependencies")?;
        let mut crates = Vec::new();
        for (name, settings) in named {
            let requirement = requirements
                .iter()
                .find(|dependency| dependency["name"] == **name)
                .and_then(|dependency| dependency["req"].as_str())
                .and_then(|requirement| requirement.strip_prefix('='))
                .ok_or_else(|| format!("{name} is not a dependency with an exact version"))?;
            let package = packages
                .iter()
                .find(|package| package["name"] == **name && package["version"] == requirement)
                .ok_or_else(|| format!("cargo metadata does not list {name} {requirement}"))?;
            crates.push(read(package, settings)?);
        }
        Ok(Some(Self { directory, crates }))
    }
}

/// Fetches what a lock file names for this machine. Returns false where that is not here and there is no network.
pub(crate) fn fetch(directory: &Path) -> Result<bool, String> {
    let outcome =
        cargo::run(cargo(directory).args(["fetch", "--locked", "--target", "host-tuple"]))?;
    if outcome.success {
        return Ok(true);
    }
    // A fault of the fixture's, such as a lock file that is out of date, must not pass for a missing network.
    let network = ["failed to download", "download of", "network failure", "Could not resolve"];
    if network.iter().any(|sign| outcome.stderr.contains(sign)) {
        eprintln!("{}", outcome.stderr);
        return Ok(false);
    }
    Err(format!("{}\nwhere a lock file is out of date: `foreign --bless`", outcome.stderr))
}

fn read(package: &Value, settings: &Value) -> Result<Crate, String> {
    let text = |value: &Value, key: &str| {
        value[key].as_str().map(ToOwned::to_owned).ok_or_else(|| format!("no `{key}` in {value}"))
    };
    let mut directory = PathBuf::from(text(package, "manifest_path")?);
    directory.pop();
    let granularity = match text(settings, "on")?.as_str() {
        "functions" => Granularity::Function,
        "blocks" => Granularity::Block,
        other => {
            return Err(format!(
                "the attribute is put on \"functions\" or \"blocks\", not on {other:?}"
            ));
        }
    };
    let violation = match &settings["violation"] {
        Value::Null => None,
        violation => {
            Some(Violation { file: text(violation, "file")?, after: text(violation, "after")? })
        }
    };
    let skipped_tests = settings["skipped_tests"].as_array().into_iter().flatten();
    let skipped_tests = skipped_tests.filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    Ok(Crate {
        name: text(package, "name")?,
        version: text(package, "version")?,
        edition: text(package, "edition")?,
        granularity,
        directory,
        skipped_tests,
        violation,
    })
}
