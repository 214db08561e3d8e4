//! The goal of a rival: a ratio that its result must keep to.

use serde::{Deserialize, Serialize};

/// A bound on one rival of a group, seen from another.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Goal {
    /// The rival that is held to it.
    pub of: String,
    /// The rival that it is measured by, or several, of which the best counts; none for growth.
    pub against: Vec<String>,
    /// What is compared, and how far it may go.
    pub bound: Bound,
    /// Why it falls short, where it does.
    pub cause: Option<String>,
}

/// What is compared, and how far it may go.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub enum Bound {
    /// The time is at most so many times the other's.
    TimeAtMost(f64),
    /// It is at least so many times faster.
    FasterBy(f64),
    /// It takes at most so many nanoseconds more.
    NanosecondsMore(f64),
    /// It takes at most so many instructions more.
    InstructionsMore(f64),
    /// It takes at most so many times the instructions.
    InstructionsAtMost(f64),
    /// Its time grows over a curve with at most such a power of the size.
    GrowsAtMost(f64),
}

impl Goal {
    /// The time is at most so many times the other's.
    #[must_use]
    pub fn at_most(times: f64, of: &str, against: &str) -> Self {
        Self::new(Bound::TimeAtMost(times), of, &[against])
    }

    /// The time is at most so many times that of the fastest of the others.
    #[must_use]
    pub fn at_most_the_best(times: f64, of: &str, against: &[&str]) -> Self {
        Self::new(Bound::TimeAtMost(times), of, against)
    }

    /// It is at least so many times faster than the other.
    #[must_use]
    pub fn faster(times: f64, of: &str, against: &str) -> Self {
        Self::new(Bound::FasterBy(times), of, &[against])
    }

    /// It takes at most so many nanoseconds more than the other.
    #[must_use]
    pub fn more_nanoseconds(most: f64, of: &str, against: &str) -> Self {
        Self::new(Bound::NanosecondsMore(most), of, &[against])
    }

    /// It takes at most so many instructions more than the other. Its group must be [counted](crate::Group::counted).
    #[must_use]
    pub fn more_instructions(most: f64, of: &str, against: &str) -> Self {
        Self::new(Bound::InstructionsMore(most), of, &[against])
    }

    /// It takes at most so many times the instructions of the other. Its group must be
    /// [counted](crate::Group::counted).
    #[must_use]
    pub fn instructions_at_most(times: f64, of: &str, against: &str) -> Self {
        Self::new(Bound::InstructionsAtMost(times), of, &[against])
    }

    /// Its time grows over the curve with at most such a power of the size: 1 is linear, 2 quadratic. To be said at every
    /// size, and looked at once.
    #[must_use]
    pub fn grows_at_most(power: f64, of: &str) -> Self {
        Self::new(Bound::GrowsAtMost(power), of, &[])
    }

    /// Says why it falls short. The page has it where it does.
    #[must_use]
    pub fn cause(mut self, cause: &str) -> Self {
        self.cause = Some(cause.to_owned());
        self
    }

    fn new(bound: Bound, of: &str, against: &[&str]) -> Self {
        let against = against.iter().map(|name| (*name).to_owned()).collect();
        Self { of: of.to_owned(), against, bound, cause: None }
    }

    /// The goal in words.
    #[must_use]
    pub fn words(&self) -> String {
        let against = match self.against.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            [one, other] => format!("the better of {one} and {other}"),
            [several @ .., last] => format!("the best of {} and {last}", several.join(", ")),
        };
        self.bound.words(&self.of, &against)
    }

    /// The figure, from that against each of the others: against the best of them, it is the worst. `None` if there is none.
    #[must_use]
    pub fn worst(&self, figures: &[f64]) -> Option<f64> {
        let worse = match self.bound {
            Bound::FasterBy(_) => f64::min,
            _ => f64::max,
        };
        figures.iter().copied().reduce(worse)
    }
}

impl Bound {
    /// The goal in words, of one rival against another.
    fn words(self, of: &str, against: &str) -> String {
        match self {
            Self::TimeAtMost(times) => {
                format!("{of}: at most {} times {against}", (times * 1e3).round() / 1e3)
            }
            Self::FasterBy(times) => format!("{of}: at least {times} times faster than {against}"),
            Self::NanosecondsMore(more) => format!("{of}: at most {more} ns more than {against}"),
            Self::InstructionsMore(more) => {
                format!("{of}: at most {more} instructions more than {against}")
            }
            Self::InstructionsAtMost(times) => {
                format!("{of}: at most {times} times the instructions of {against}")
            }
            Self::GrowsAtMost(power) => {
                format!("{of}: grows with the power {power} of the size at most")
            }
        }
    }

    /// Says whether a figure keeps to it.
    #[must_use]
    pub fn met_by(self, figure: f64) -> bool {
        match self {
            Self::TimeAtMost(most)
            | Self::NanosecondsMore(most)
            | Self::InstructionsMore(most)
            | Self::InstructionsAtMost(most)
            | Self::GrowsAtMost(most) => figure <= most,
            Self::FasterBy(least) => figure >= least,
        }
    }
}
