//! The baseline: what is known already, so that only what is new counts.

use std::collections::BTreeSet;
use std::fmt;

use crate::check::{Call, EntryOutcome, Finding, Obstacle, Outcome};
use crate::table::rows;

/// What is known already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeSet<Known>,
}

/// What stays the same of a finding when the program changes elsewhere. It has neither lines nor addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    entry: String,
    /// The class of what is reached, or `not followed`.
    class: String,
    /// What is reached, or nothing for what is not followed: that may be named by an address.
    what: String,
    /// The function that makes the last call.
    caller: String,
}

const COLUMNS: &str = "section\tclass\twhat\tcaller";
const NOT_FOLLOWED: &str = "not followed";

impl Baseline {
    /// Makes a baseline of what was found.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let entries = outcomes.into_iter().flat_map(|outcome| &outcome.entries);
        let known = entries.flat_map(|entry| {
            let findings = entry.findings.iter().map(|finding| Known::finding(entry, finding));
            let obstacles = entry.obstacles.iter().map(|obstacle| Known::obstacle(entry, obstacle));
            findings.chain(obstacles).collect::<Vec<_>>()
        });
        Self { known: known.collect() }
    }

    /// Reads a baseline.
    ///
    /// # Errors
    ///
    /// If a line has another form. The text says which.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rows = rows(text, COLUMNS)?.into_iter();
        let known = rows.map(|(_, fields)| {
            let [entry, class, what, caller] = fields.map(str::to_owned);
            Known { entry, class, what, caller }
        });
        Ok(Self { known: known.collect() })
    }

    /// Takes out of an outcome what is known already.
    pub fn apply(&self, outcome: &mut Outcome) {
        for entry in &mut outcome.entries {
            let copy = entry.clone();
            entry.findings.retain(|finding| !self.known.contains(&Known::finding(&copy, finding)));
            entry
                .obstacles
                .retain(|obstacle| !self.known.contains(&Known::obstacle(&copy, obstacle)));
            entry.known += copy.findings.len() + copy.obstacles.len();
            entry.known -= entry.findings.len() + entry.obstacles.len();
        }
    }
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# What `cargo nonblock check --update-baseline` found. It does not count.")?;
        writeln!(f, "{COLUMNS}")?;
        for Known { entry, class, what, caller } in &self.known {
            writeln!(f, "{entry}\t{class}\t{what}\t{caller}")?;
        }
        Ok(())
    }
}

impl Known {
    fn finding(entry: &EntryOutcome, finding: &Finding) -> Self {
        Self {
            entry: entry.name.plain.clone(),
            class: finding.class.name().to_owned(),
            what: finding.leaf.clone(),
            caller: last_caller(&finding.chain),
        }
    }

    fn obstacle(entry: &EntryOutcome, obstacle: &Obstacle) -> Self {
        Self {
            entry: entry.name.plain.clone(),
            class: NOT_FOLLOWED.to_owned(),
            what: String::new(),
            caller: last_caller(&obstacle.chain),
        }
    }
}

fn last_caller(chain: &[Call]) -> String {
    chain.last().map(|call| call.caller.plain.clone()).unwrap_or_default()
}
