//! Why memory pressure cannot be watched, and what to do about it.

use core::error::Error;
use core::fmt;
use std::io;
use std::path::PathBuf;

use rustix::io::Errno;

use super::trigger::Trigger;

/// The advice for a kernel that does not tell memory pressure.
const BY_HAND: &str = "without it, trigger by hand: `Killer::manual`, `Killer::trigger`";

/// Why memory pressure cannot be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PressureError {
    /// There is no such file: the kernel was built or booted without pressure stall information.
    Absent {
        /// The file.
        path: PathBuf,
    },
    /// The directory is not that of a cgroup with memory pressure.
    NoCgroup {
        /// The directory.
        path: PathBuf,
    },
    /// The kernel has pressure stall information, but it is turned off.
    Disabled {
        /// The file.
        path: PathBuf,
    },
    /// This process may not watch the file.
    NotPermitted {
        /// The file.
        path: PathBuf,
    },
    /// The kernel accepts windows of this length from privileged processes only.
    Window {
        /// The file.
        path: PathBuf,
        /// The trigger that was to be registered.
        trigger: Trigger,
    },
    /// The file does not tell pressure. Nothing was written to it.
    NotPressure {
        /// The file.
        path: PathBuf,
    },
    /// The file is gone, because its cgroup was removed.
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// The kernel returned another error.
    Other {
        /// The file.
        path: PathBuf,
        /// The kernel's error number.
        errno: i32,
    },
}

impl PressureError {
    /// Makes the error for an error number, of a file that exists.
    pub(super) fn new(path: PathBuf, errno: Errno) -> Self {
        match errno {
            Errno::OPNOTSUPP => Self::Disabled { path },
            Errno::ACCESS | Errno::PERM => Self::NotPermitted { path },
            other => Self::Other { path, errno: other.raw_os_error() },
        }
    }
}

impl fmt::Display for PressureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { path } => write!(
                f,
                "{}: no such file, so this kernel tells no memory pressure; expected one that is built with CONFIG_PSI \
                 and booted with psi=1; {BY_HAND}",
                path.display()
            ),
            Self::NoCgroup { path } => write!(
                f,
                "{}: no cgroup that tells memory pressure; expected the directory of a cgroup v2 below the root \
                 (the line `0::` of /proc/self/cgroup tells a process's), with 1 in its cgroup.pressure; {BY_HAND}",
                path.display()
            ),
            Self::Disabled { path } => write!(
                f,
                "{}: memory pressure is turned off; boot with psi=1, or write 1 to the cgroup's cgroup.pressure; \
                 {BY_HAND}",
                path.display()
            ),
            Self::NotPermitted { path } => write!(
                f,
                "{}: this process may not watch it; expected the right to write the file, and on older kernels \
                 CAP_SYS_RESOURCE; {BY_HAND}",
                path.display()
            ),
            Self::Window { path, trigger } => write!(
                f,
                "{}: the kernel refused the trigger `{trigger}`; without CAP_SYS_RESOURCE it expects a window that \
                 is a multiple of 2s, found {:?}",
                path.display(),
                trigger.window()
            ),
            Self::NotPressure { path } => write!(
                f,
                "{}: tells no pressure; expected a file such as /proc/pressure/memory or a cgroup's memory.pressure",
                path.display()
            ),
            Self::Gone { path } => {
                write!(f, "{}: no longer told, since the cgroup was removed", path.display())
            }
            Self::Other { path, errno } => {
                let error = io::Error::from_raw_os_error(*errno);
                write!(f, "{}: cannot watch memory pressure: {error}; {BY_HAND}", path.display())
            }
        }
    }
}

impl Error for PressureError {}
