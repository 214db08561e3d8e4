//! Counts the invalidations that each thread has open.

use crate::primitive::per_thread;

per_thread! {
    /// How many this thread has open.
    static OPEN: usize = 0;
}

/// Counts one open invalidation of this thread, until it is dropped.
///
/// The count belongs to the thread. An invalidation stays on its thread by the guard that lies beside this in it.
#[derive(Debug)]
pub(super) struct OpenInvalidation {
    _private: (),
}

impl OpenInvalidation {
    #[inline]
    pub(super) fn new() -> Self {
        OPEN.with(|open| open.set(open.get() + 1));
        Self { _private: () }
    }

    /// Returns whether this thread has an invalidation open, of any address space.
    pub(super) fn any_on_this_thread() -> bool {
        OPEN.with(|open| open.get() != 0)
    }
}

impl Drop for OpenInvalidation {
    #[inline]
    fn drop(&mut self) {
        OPEN.with(|open| open.set(open.get() - 1));
    }
}
