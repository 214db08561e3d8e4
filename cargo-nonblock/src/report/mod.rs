//! What came out, for people and for programs.
//!
//! A [`Report`] is what each format is made of: [`human`] for a terminal, [`html`] for a browser, [`mod@json`] for programs, and [`sarif`]
//! for tools that show the findings of others.

mod frames;
mod header;
mod html;
mod human;
pub mod json;
mod sarif;
mod sources;
mod tree;
mod wording;

use crate::against::Comparison;
use crate::baseline::Key;
use crate::check::{EntryOutcome, Outcome, Verdict};
use crate::suppressions;

pub use html::{html, why as html_why};
pub use human::{Look, human, why};
pub use json::{json, why as json_why};
pub use sarif::sarif;

/// What a report is made of.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The programs, in the order in which they were checked.
    pub programs: Vec<Checked>,
    /// Programs that should have been checked, and could not be read.
    pub unreadable: Vec<Unreadable>,
    /// What the baseline has and the programs have not. `None` without a baseline.
    pub absent: Option<Vec<Key>>,
    /// What came of the comparison with a run. `None` without one.
    pub against: Option<Comparison>,
}

/// A program that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its file, by the name that the user knows.
    pub file: String,
    /// What is wrong, and what to do.
    pub error: String,
}

/// A program that was checked.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Its file, by the name that the user knows.
    pub file: String,
    /// How cargo built it. `None` if it was there already.
    pub build: Option<Build>,
    /// What came out.
    pub outcome: Outcome,
    /// The suppressions, with how much each took out.
    pub suppressions: Vec<suppressions::Used>,
}

/// How cargo built a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// `opt-level` of cargo's profile.
    pub opt_level: String,
    /// `debug` of cargo's profile.
    pub debuginfo: String,
    /// Whether debug assertions are on.
    pub debug_assertions: bool,
    /// Whether overflow checks are on.
    pub overflow_checks: bool,
    /// Whether it is a program of tests.
    pub test: bool,
    /// The target's name.
    pub target: String,
    /// What rustc was told besides. It stands last, so it counts.
    pub flags: Vec<String>,
}

impl Report {
    /// Returns the result for all programs together. With one that could not be read it is at best *not proved*.
    pub fn verdict(&self) -> Verdict {
        let verdicts = self.programs.iter().map(|program| program.outcome.verdict());
        let worst = verdicts.max().unwrap_or(Verdict::NotProved);
        if self.unreadable.is_empty() { worst } else { worst.max(Verdict::NotProved) }
    }

    fn entries(&self) -> impl Iterator<Item = &EntryOutcome> {
        self.programs.iter().flat_map(|program| &program.outcome.entries)
    }
}

/// How many entries have which result.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    proved: usize,
    known: usize,
    not_proved: usize,
    reach: usize,
}

impl Counts {
    fn of<'a>(entries: impl IntoIterator<Item = &'a EntryOutcome>) -> Self {
        let mut counts = Self::default();
        for entry in entries {
            *match entry.verdict() {
                Verdict::Proved => &mut counts.proved,
                Verdict::Known => &mut counts.known,
                Verdict::NotProved => &mut counts.not_proved,
                Verdict::Reaches => &mut counts.reach,
            } += 1;
        }
        counts
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} proved, ", self.proved)?;
        if self.known > 0 {
            write!(f, "{} known or suppressed, ", self.known)?;
        }
        write!(f, "{} not proved, {} that reach what they must not", self.not_proved, self.reach)
    }
}
