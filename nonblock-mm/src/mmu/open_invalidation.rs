//! Counts the invalidations that each thread has open.

use crate::primitive::per_thread;

per_thread! {
    /// How many this thread has open.
    static OPEN: usize = 0;
}

/// Names, in rustc's messages, why an invalidation is neither `Send` nor `Sync`.
trait InvalidationEndsOnItsThread {}

/// Counts one open invalidation of this thread, until it is dropped.
#[derive(Debug)]
pub(super) struct OpenInvalidation {
    // The count belongs to the thread. An array, so that rustc's message names the trait at once.
    _of_this_thread: [*mut dyn InvalidationEndsOnItsThread; 0],
}

impl OpenInvalidation {
    #[inline]
    pub(super) fn new() -> Self {
        OPEN.with(|open| open.set(open.get() + 1));
        Self { _of_this_thread: [] }
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
