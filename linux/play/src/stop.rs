//! Why a run ends before its table.

use std::fmt;

/// Why a run ended before it had a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Something failed that was to succeed: a build, or the guest.
    Failed(String),
    /// It cannot run on this machine, or not with this kernel. The text says what is missing, and what to do.
    CannotRun(String),
    /// The command was given wrong arguments.
    Usage(String),
}

impl Stop {
    /// The exit code for a row that is not as it should be, and for [`Stop::Failed`].
    pub const FAILED: u8 = 1;

    /// Returns the command's exit code: 1 failed, 2 cannot run here, 3 wrong arguments.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => Self::FAILED,
            Self::CannotRun(_) => 2,
            Self::Usage(_) => 3,
        }
    }

    /// Says what could not be done with a file, and why.
    pub fn file(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Self::CannotRun(format!(
                "the disk is full: cannot {what} {}. Free some space, and start again.",
                path.display()
            ));
        }
        Self::Failed(format!("cannot {what} {}: {error}", path.display()))
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(text) | Self::CannotRun(text) => f.write_str(text),
            Self::Usage(text) => write!(f, "{text}; see linux/run --help"),
        }
    }
}

impl std::error::Error for Stop {}
