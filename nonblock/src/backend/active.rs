//! The backend of this build.

use super::interface::{Backend as _, Suspended};

// This is the one place that chooses. The thread-local backend is called directly, so that a section is inlined. A backend
// of another crate is called through the table that the crate installed. Where checks are off, there is none.
#[cfg(not(any(debug_assertions, feature = "checks")))]
pub(crate) use super::checks_off::NoBackend as ActiveBackend;
#[cfg(all(any(debug_assertions, feature = "checks"), not(feature = "std")))]
pub(crate) use super::linked::InstalledBackend as ActiveBackend;
#[cfg(all(any(debug_assertions, feature = "checks"), feature = "std"))]
pub(crate) use super::thread_local::ThreadLocal as ActiveBackend;

/// Returns whether a section is open on this thread, or `None` where no count is kept.
#[inline]
pub(crate) fn in_section() -> Option<bool> {
    ActiveBackend::depth().map(|depth| depth != 0)
}

/// Keeps the thread's open sections suspended until it is dropped, by unwinding too.
#[must_use = "the sections are resumed when this guard is dropped"]
pub(crate) struct SuspendGuard {
    suspended: Suspended,
    /// The depth that was marked as reported. While the sections are suspended, nothing is.
    reported: u32,
}

impl SuspendGuard {
    /// Suspends the thread's open sections.
    #[inline]
    pub(crate) fn new() -> Self {
        Self { suspended: ActiveBackend::suspend(), reported: ActiveBackend::mark_reported(0) }
    }
}

impl Drop for SuspendGuard {
    #[inline]
    fn drop(&mut self) {
        ActiveBackend::mark_reported(self.reported);
        ActiveBackend::resume(self.suspended);
    }
}
