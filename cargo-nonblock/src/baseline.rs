//! The baseline: what is known already, so that only what is new counts.

use std::collections::BTreeMap;
use std::fmt;

use crate::check::{Call, EntryOutcome, Found, HiddenBy, Outcome};
use crate::table::rows;

/// What is known already, each with the user's reason, which may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeMap<Key, String>,
}

/// What stays the same of a finding when the program changes elsewhere. It has neither lines nor addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The section or function.
    pub entry: String,
    /// The class of what is reached, or `not followed`.
    pub class: String,
    /// What is reached, or nothing for what is not followed: that may be named by an address.
    pub what: String,
    /// The function that makes the last call.
    pub caller: String,
}

const COLUMNS: &str = "section\tclass\twhat\tcaller\treason";
/// The columns of baselines from before there were reasons.
const WITHOUT_REASON: &str = "section\tclass\twhat\tcaller";
const NOT_FOLLOWED: &str = "not followed";

impl Baseline {
    /// Makes a baseline of what was found.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut known = BTreeMap::new();
        for entry in outcomes.into_iter().flat_map(|outcome| &outcome.entries) {
            let findings = entry.findings.iter().cloned().map(Found::Finding);
            let obstacles = entry.obstacles.iter().cloned().map(Found::Obstacle);
            for found in findings.chain(obstacles) {
                known.insert(Key::of(entry, &found), String::new());
            }
        }
        Self { known }
    }

    /// Takes over the reasons that another baseline has for what is in this one.
    #[must_use]
    pub fn with_reasons_of(mut self, other: &Self) -> Self {
        for (key, reason) in &mut self.known {
            if let Some(other) = other.known.get(key) {
                reason.clone_from(other);
            }
        }
        self
    }

    /// Reads a baseline. An empty file is one in which nothing is known.
    ///
    /// # Errors
    ///
    /// If a line has another form. The text says which.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut known = BTreeMap::new();
        let mut add = |[entry, class, what, caller]: [&str; 4], reason: &str| {
            let [entry, class, what, caller] = [entry, class, what, caller].map(str::to_owned);
            known.insert(Key { entry, class, what, caller }, reason.trim().to_owned());
        };
        if text.trim().is_empty() {
        } else if text.lines().any(|line| line == WITHOUT_REASON) {
            for (_, fields) in rows(text, WITHOUT_REASON)? {
                add(fields, "");
            }
        } else {
            for (_, [entry, class, what, caller, reason]) in rows(text, COLUMNS)? {
                add([entry, class, what, caller], reason);
            }
        }
        Ok(Self { known })
    }

    /// Takes out of an outcome what is known already.
    pub fn apply(&self, outcome: &mut Outcome) {
        for entry in &mut outcome.entries {
            entry.hide(HiddenBy::Baseline, |entry, found| {
                self.known.get(&Key::of(entry, found)).cloned()
            });
        }
    }

    /// Returns what is known and was not found, after the baseline was applied to all outcomes.
    pub fn absent<'a>(&self, outcomes: impl IntoIterator<Item = &'a Outcome>) -> Vec<Key> {
        let mut left = self.known.clone();
        for entry in outcomes.into_iter().flat_map(|outcome| &outcome.entries) {
            for hidden in &entry.hidden {
                left.remove(&Key::of(entry, &hidden.found));
            }
        }
        left.into_keys().collect()
    }
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# What `cargo nonblock check --update-baseline` found. It does not count.")?;
        writeln!(
            f,
            "# The last column is yours: why it is so. It stays when the baseline is updated."
        )?;
        writeln!(f, "{COLUMNS}")?;
        for (Key { entry, class, what, caller }, reason) in &self.known {
            writeln!(f, "{entry}\t{class}\t{what}\t{caller}\t{reason}")?;
        }
        Ok(())
    }
}

impl Key {
    /// Returns the key of what was found of an entry.
    pub fn of(entry: &EntryOutcome, found: &Found) -> Self {
        let (class, what) = match found {
            Found::Finding(finding) => (finding.class.name(), finding.leaf.as_str()),
            Found::Obstacle(_) => (NOT_FOLLOWED, ""),
        };
        Self {
            entry: on_one_line(&entry.name.plain),
            class: class.to_owned(),
            what: on_one_line(what),
            caller: on_one_line(last_caller(found.chain())),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.what.is_empty() { "a call that cannot be followed" } else { &self.what };
        write!(f, "{what}, in {}", self.entry)?;
        // A section that is left open is not followed as such.
        if self.caller.is_empty() { Ok(()) } else { write!(f, ", called by {}", self.caller) }
    }
}

/// A symbol may hold anything, and a column neither tabs nor ends of lines.
fn on_one_line(name: &str) -> String {
    name.trim().replace(|c: char| c.is_control(), "?")
}

fn last_caller(chain: &[Call]) -> &str {
    chain.last().map_or("", |call| &call.caller.plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "section\tclass\twhat\tcaller\na::b\tsleep\tread\tc::d\n";

    #[test]
    fn a_reason_stays_when_the_baseline_is_written_anew() {
        let with_reason = format!("{COLUMNS}\na::b\tsleep\tread\tc::d\tIt is a pipe.\n");
        let with_reason = Baseline::parse(&with_reason).expect("it is in order");
        let anew = Baseline::parse(OLD).expect("the form without reasons is in order");
        let anew = anew.with_reasons_of(&with_reason).to_string();
        assert!(anew.ends_with("\na::b\tsleep\tread\tc::d\tIt is a pipe.\n"), "{anew}");
        assert_eq!(Baseline::parse(&anew), Ok(with_reason));
    }

    #[test]
    fn what_is_known_and_not_found_is_absent() {
        let baseline = Baseline::parse(OLD).expect("it is in order");
        let absent = baseline.absent([]);
        assert_eq!(absent.len(), 1);
        assert_eq!(absent[0].to_string(), "read, in a::b, called by c::d");
        let raw = Key {
            class: NOT_FOLLOWED.to_owned(),
            what: String::new(),
            caller: String::new(),
            ..absent[0].clone()
        };
        assert_eq!(raw.to_string(), "a call that cannot be followed, in a::b");
        assert_eq!(Baseline::parse("").expect("an empty one").absent([]), []);
        Baseline::parse("section\tclass\n").expect_err("other columns");
    }
}
