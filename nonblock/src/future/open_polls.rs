//! How many of a thread's open sections are polls of tasks.
//!
//! A task that hands its worker's other tasks to another thread may sleep, if its poll is all that must not. A section within the
//! poll must not sleep even then.

use core::cell::Cell;

use crate::backend::{ActiveBackend, Backend as _, SuspendGuard};

std::thread_local! {
    static OPEN: Cell<u32> = const { Cell::new(0) };
}

/// Counts a poll as open until it is dropped.
pub(crate) struct OpenPoll;

impl OpenPoll {
    #[inline]
    pub(crate) fn begin() -> Self {
        begin();
        Self
    }
}

impl Drop for OpenPoll {
    #[inline]
    fn drop(&mut self) {
        end();
    }
}

/// Counts a poll as open until [`end`].
#[inline]
pub(crate) fn begin() {
    #[cfg(any(debug_assertions, feature = "checks"))]
    OPEN.with(|open| open.set(open.get().wrapping_add(1)));
}

/// Counts a poll as ended.
#[inline]
pub(crate) fn end() {
    #[cfg(any(debug_assertions, feature = "checks"))]
    OPEN.with(|open| open.set(open.get().wrapping_sub(1)));
}

/// Polls that are suspended until this is dropped.
pub(crate) struct SuspendedPolls {
    open: u32,
    _sections: SuspendGuard,
}

impl SuspendedPolls {
    /// Suspends the sections of this thread. Returns `None` if one of them is no poll.
    pub(crate) fn suspend() -> Option<Self> {
        let open = OPEN.get();
        if ActiveBackend::depth().is_some_and(|depth| depth != open) {
            return None;
        }
        OPEN.set(0);
        Some(Self { open, _sections: SuspendGuard::new() })
    }
}

impl Drop for SuspendedPolls {
    fn drop(&mut self) {
        OPEN.set(self.open);
    }
}
