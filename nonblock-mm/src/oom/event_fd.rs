//! An eventfd: what wakes a thread that waits for files.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};

/// An event counter of the kernel.
#[derive(Debug)]
pub(super) struct EventFd(OwnedFd);

impl EventFd {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// Wakes the thread that waits, or lets the next wait through. Does not sleep.
    pub(super) fn notify(&self) {
        // It fails if its count is 2^64 - 2 already, which notifies too.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Sets the count back to zero, and returns whether it was above.
    pub(super) fn clear(&self) -> bool {
        rustix::io::read(&self.0, &mut [0; 8]).is_ok()
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
