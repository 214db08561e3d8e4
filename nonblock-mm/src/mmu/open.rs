//! How many invalidations this thread has open.

use crate::primitive::per_thread;

per_thread! {
    static OPEN: usize = 0;
}

/// Names, in rustc's messages, why an invalidation is neither `Send` nor `Sync`.
trait InvalidationEndsOnItsThread {}

/// An invalidation that this thread has open. It is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Open {
    // The count is the thread's. An array, so that a message goes straight to the name.
    _of_this_thread: [*mut dyn InvalidationEndsOnItsThread; 0],
}

impl Open {
    #[inline]
    pub(super) fn count() -> Self {
        OPEN.with(|open| open.set(open.get() + 1));
        Self { _of_this_thread: [] }
    }

    /// Returns whether this thread has an invalidation open, of whatever address space.
    pub(super) fn any() -> bool {
        OPEN.with(|open| open.get() != 0)
    }
}

impl Drop for Open {
    #[inline]
    fn drop(&mut self) {
        OPEN.with(|open| open.set(open.get() - 1));
    }
}
