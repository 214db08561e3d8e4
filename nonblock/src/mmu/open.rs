//! How many invalidations a thread has open, so that it does not wait for itself.

use core::cell::Cell;
use core::marker::PhantomData;

std::thread_local! {
    // Without a destructor, so that it can be read while the thread is torn down.
    static OPEN: Cell<usize> = const { Cell::new(0) };
}

/// An invalidation, or a release, that this thread has under way: counted until it is dropped.
#[derive(Debug)]
pub(super) struct Open {
    // The count is the thread's.
    _of_this_thread: PhantomData<*mut ()>,
}

impl Open {
    #[inline]
    pub(super) fn count() -> Self {
        OPEN.with(|open| open.set(open.get() + 1));
        Self { _of_this_thread: PhantomData }
    }

    /// Whether this thread has any under way, in whatever address space.
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
