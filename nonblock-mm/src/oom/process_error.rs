//! Why another process's memory could not be taken.

use core::error::Error;
use core::fmt;
use std::io;

use rustix::io::Errno;

/// Why a [`Process`](super::Process) could not be opened or killed, or why its memory could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcessError {
    /// There is no such process: it never existed, or it has ended and was waited for, or the identifier is that of a thread.
    NoSuchProcess {
        /// The identifier that was asked for.
        pid: u32,
    },
    /// This process may not make the call.
    NotPermitted {
        /// The process.
        pid: u32,
        /// The system call that was refused.
        call: &'static str,
    },
    /// The kernel has no such system call.
    TooOld {
        /// The system call.
        call: &'static str,
        /// The version of Linux that has it.
        since: &'static str,
    },
    /// The process is not being killed, or its memory is shared with one that is not.
    NotDying {
        /// The process.
        pid: u32,
    },
    /// The process is this process, or shares its memory with it. Nothing was killed.
    Oneself {
        /// The process.
        pid: u32,
    },
    /// The process was killed, but another process that shares its memory lives on, and so does the memory.
    Shared {
        /// The process.
        pid: u32,
        /// The process that has the memory, if this process may know it.
        with: Option<u32>,
    },
    /// A driver in the kernel refused in every try.
    Held {
        /// The process.
        pid: u32,
        /// How many tries were made.
        attempts: u32,
    },
    /// The kernel returned another error.
    Other {
        /// The process.
        pid: u32,
        /// The system call, or the file.
        call: &'static str,
        /// The kernel's error number.
        errno: i32,
    },
}

/// A call to the kernel, and the version of Linux that has it first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) since: &'static str,
}

impl Call {
    /// Makes the error of this call, if its error number means the same for all calls.
    pub(super) fn failed(self, pid: u32, error: &io::Error) -> ProcessError {
        let Self { name: call, since } = self;
        match Errno::from_io_error(error) {
            Some(Errno::SRCH | Errno::NOENT) => ProcessError::NoSuchProcess { pid },
            Some(Errno::PERM | Errno::ACCESS) => ProcessError::NotPermitted { pid, call },
            Some(Errno::NOSYS) => ProcessError::TooOld { call, since },
            other => {
                let errno = other.map_or(0, Errno::raw_os_error);
                ProcessError::Other { pid, call, errno }
            }
        }
    }
}

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchProcess { pid } => write!(
                f,
                "there is no process {pid}: expected the identifier of one that has not been waited for"
            ),
            Self::NotPermitted { pid, call } => write!(
                f,
                "{call} of process {pid} is not permitted: expected a process of the same user, or CAP_KILL"
            ),
            Self::TooOld { call, since } => {
                write!(f, "this kernel has no {call}: expected Linux {since} or later")
            }
            Self::NotDying { pid } => write!(
                f,
                "process {pid} is not dying, or shares its memory with one that is not: \
                 expected it to be killed first"
            ),
            Self::Oneself { pid } => write!(
                f,
                "process {pid} is this process, or shares its memory: expected another process, since this one would be \
                 killed too"
            ),
            Self::Shared { pid, with: Some(with) } => write!(
                f,
                "process {pid} was killed, but process {with} shares its memory and lives: \
                 expected to be permitted to kill it too"
            ),
            Self::Shared { pid, with: None } => write!(
                f,
                "process {pid} was killed, but shares its memory with a process that lives: \
                 expected to be permitted to look at all processes (kcmp, CAP_SYS_PTRACE), to find and kill that one too"
            ),
            Self::Held { pid, attempts } => write!(
                f,
                "unable to reap process {pid}: a driver held its memory in each of {attempts} tries"
            ),
            Self::Other { pid, call, errno } => {
                write!(f, "{call} of process {pid}: {}", io::Error::from_raw_os_error(*errno))
            }
        }
    }
}

impl Error for ProcessError {}
