//! The results. The measured program passes them to the command, and the command writes them as JSON if asked to.

use serde::{Deserialize, Serialize};

use crate::goal::Goal;
use crate::statistics::{Ratio, Summary, median};

/// The id of the group that is no comparison: what the machine's own operations take.
pub const MACHINE: &str = "machine";

/// How nonblock was built for a measurement.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum Build {
    /// With checks off.
    Plain,
    /// With the counters, and without the watch.
    Checks,
    /// With the counters and the watch.
    Watch,
    /// With the counters, and a look at who waits for whom.
    Lockdep,
}

impl Build {
    /// What it is called in keys and in names of files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Checks => "checks",
            Self::Watch => "watch",
            Self::Lockdep => "lockdep",
        }
    }

    /// What it is called for readers.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Plain => "checks off",
            Self::Checks => "checks on",
            Self::Watch => "built with the watch",
            Self::Lockdep => "built with lockdep",
        }
    }
}

/// A group that was measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Measured {
    /// The group's id: `section`.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What was measured, in a sentence or two.
    pub about: String,
    /// The build; `None` where that makes no difference.
    pub build: Option<Build>,
    /// What the size counts, and the size, if the group is a point of a curve.
    pub point: Option<(String, u64)>,
    /// The rivals, in order.
    pub series: Vec<Series>,
    /// What they are held to.
    pub goals: Vec<Goal>,
}

/// A rival that was measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Series {
    /// What it is called.
    pub name: String,
    /// Whether it is nonblock's.
    pub ours: bool,
    /// How long one time took, in each round.
    pub nanoseconds: Vec<f64>,
    /// How many instructions one time took, beyond those of the loop around it.
    pub instructions: Option<f64>,
}

impl Measured {
    /// The rival of a name.
    #[must_use]
    pub fn series(&self, name: &str) -> Option<&Series> {
        self.series.iter().find(|series| series.name == name)
    }

    /// What the build is called in names.
    #[must_use]
    pub fn build_name(&self) -> &'static str {
        self.build.map_or("either", Build::name)
    }

    /// The name of the group, its size and its build included.
    #[must_use]
    pub fn key(&self) -> String {
        let build = self.build_name();
        match &self.point {
            Some((_what, size)) => format!("{build}/{}/{size}", self.id),
            None => format!("{build}/{}", self.id),
        }
    }
}

impl Series {
    /// The median time, and its spread.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.nanoseconds)
    }

    /// How many times the other's time this one's is.
    #[must_use]
    pub fn ratio(&self, other: &Self) -> Ratio {
        let pairs = self.nanoseconds.iter().zip(&other.nanoseconds);
        let by_round: Vec<_> = pairs.map(|(own, other)| own / other).collect();
        Ratio {
            of_medians: median(&self.nanoseconds) / median(&other.nanoseconds),
            by_round: Summary::of(&by_round),
        }
    }
}
