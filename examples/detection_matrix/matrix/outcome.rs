//! What came of one operation under one layer.

use serde::{Deserialize, Serialize};

use crate::matrix::section::Counts;

/// What came of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// The machine does not have it, or the layer.
    Skipped(String),
    Ran(Ran),
}

/// What was found out in one run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ran {
    /// What the kernel counted.
    pub(crate) counts: Counts,
    pub(crate) reports: Vec<Report>,
}

/// What a layer reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// The system call, or the function that `RealtimeSanitizer` intercepts, or what was allocated.
    pub(crate) what: String,
    /// The file and line that the report points to.
    pub(crate) place: Option<String>,
    /// Whether the operation is in the chain of calls.
    pub(crate) from_operation: bool,
}

impl Outcome {
    pub(crate) fn ran(&self) -> Option<&Ran> {
        match self {
            Self::Ran(ran) => Some(ran),
            Self::Skipped(_) => None,
        }
    }
}
