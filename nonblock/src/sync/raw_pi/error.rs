//! What makes waiting for the lock, or releasing it, go wrong for good.

use core::fmt;

use rustix::io::Errno;

/// Why this thread will never have the lock, or cannot release it.
#[derive(Debug)]
pub(super) enum Error {
    /// `EDEADLK`, and the word has this thread's id.
    LockedByItself,
    /// `EDEADLK`, and the word has the id of another thread.
    Deadlock,
    /// `ESRCH`, or the lock came from the kernel with the mark of a holder that has ended (`FUTEX_OWNER_DIED`).
    HolderHasEnded,
    /// The word has an id that no thread of this process has, which is a child of `fork`.
    HolderIsNotHere,
    /// A release by a thread that does not hold the lock.
    ReleasedByAnother,
    /// The kernel does not have the call, or has answered what it should not.
    Kernel(Errno),
}

impl Error {
    /// Panics with the text of this error.
    #[cold]
    pub(super) fn panic(&self) -> ! {
        panic!("{self}");
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nonblock::sync::RawPiMutex: ")?;
        match self {
            Self::LockedByItself => f.write_str(
                "this thread waits for a lock that it holds itself: drop the guard first, or use `try_lock`",
            ),
            Self::Deadlock => f.write_str(
                "deadlock: the lock's holder waits, by itself or through others, for a lock that this thread holds: take \
                 the locks in one order everywhere",
            ),
            Self::HolderHasEnded => f.write_str(
                "a thread has ended that held this lock, so nobody can have it any more: its guard was forgotten or leaked, \
                 and what the lock guards may still be in use",
            ),
            Self::HolderIsNotHere => f.write_str(
                "the lock was held when the process forked, by a thread that is not in this child, so nobody can release it \
                 here: fork with the lock held by the thread that forks, or by nobody",
            ),
            Self::ReleasedByAnother => f.write_str(
                "a thread releases a lock that it does not hold: the lock is to be released by the thread that took it",
            ),
            Self::Kernel(Errno::NOSYS) => f.write_str(
                "this system has no futexes with priority inheritance (ENOSYS for FUTEX_LOCK_PI): use the lock's default, \
                 RawParkingMutex",
            ),
            Self::Kernel(errno) => {
                write!(f, "the kernel refused FUTEX_LOCK_PI or FUTEX_UNLOCK_PI: {errno}")
            }
        }
    }
}
