//! The outcome of a crate's tests.

use std::collections::BTreeMap;

use nonblock_tools::cargo::Outcome;

use crate::sources::Crate;

/// The tests that ran, and what the compiler said before.
#[derive(Debug)]
pub(crate) struct Tested {
    /// The tests' names with what came of each, sorted. Two test programs may have a test of the same name.
    pub(crate) tests: Vec<String>,
    /// How often the compiler gave each warning.
    warnings: BTreeMap<String, usize>,
}

impl Tested {
    /// Reads what `cargo test` wrote.
    pub(crate) fn read(outcome: &Outcome) -> Self {
        let mut tests: Vec<String> = outcome
            .stdout
            .lines()
            .filter(|line| line.starts_with("test ") && line.contains(" ... "))
            .map(ToOwned::to_owned)
            .collect();
        tests.sort();
        let mut warnings = BTreeMap::new();
        // The last line for each target counts the warnings, which says nothing new.
        for line in outcome
            .stderr
            .lines()
            .filter(|line| line.starts_with("warning: ") && !line.contains(" generated "))
        {
            *warnings.entry(line.to_owned()).or_default() += 1;
        }
        Self { tests, warnings }
    }

    /// Checks that the annotated crate behaves as the plain one.
    pub(crate) fn same_as(&self, plain: &Self, krate: &Crate) -> Result<(), String> {
        let name = &krate.name;
        if plain.tests.is_empty() {
            return Err(format!("{name} has no tests that could tell"));
        }
        if let Some(failed) = self.tests.iter().find(|test| test.ends_with("FAILED")) {
            return Err(format!("annotated, {name} fails: {failed}"));
        }
        if self.tests != plain.tests {
            let missing: Vec<_> =
                plain.tests.iter().filter(|test| !self.tests.contains(test)).collect();
            return Err(format!("annotated, {name} does not run the same tests: {missing:?}"));
        }
        for (warning, count) in &self.warnings {
            let before = plain.warnings.get(warning).copied().unwrap_or_default();
            if *count > before {
                return Err(format!(
                    "annotated, {name} has {count} times, instead of {before}: {warning}"
                ));
            }
        }
        Ok(())
    }
}
