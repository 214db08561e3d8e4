//! How the command ends.

use std::path::Path;
use std::process::ExitCode;

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Proved = 0,
    Reaches = 1,
    CannotTell = 2,
    Usage = 3,
    Contradiction = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why the command ends before there is a result.
pub(super) struct Failure {
    pub(super) exit: Exit,
    pub(super) text: String,
}

impl Failure {
    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, text: text.into() }
    }

    pub(super) fn cannot_tell(text: impl Into<String>) -> Self {
        Self { exit: Exit::CannotTell, text: text.into() }
    }

    /// Says first which file it is about.
    pub(super) fn of(self, file: &Path) -> Self {
        Self { text: format!("{}: {}", file.display(), self.text), ..self }
    }
}
