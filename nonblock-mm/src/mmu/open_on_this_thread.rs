//! Counts, for each thread, the invalidations that it has begun and not ended.

use crate::primitive::per_thread;

per_thread! {
    /// How many invalidations this thread has begun and not ended.
    static OPEN: usize = 0;
}

/// Counts one open invalidation of this thread, until it is dropped.
///
/// It must be dropped on the thread that made it. The `Invalidation` that holds it also holds the guard of the snapshot, which
/// cannot be sent to another thread.
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
