//! What a thread has under way, so that it does not wait for itself.

use core::cell::Cell;
use core::marker::PhantomData;

std::thread_local! {
    // Without a destructor, so that it can be read while the thread is torn down.
    static OPEN: Cell<u64> = const { Cell::new(0) };
}

/// What is counted. The invalidations are in the upper half of one number, everything else in the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Work {
    /// A call of callbacks that is over when it returns.
    Call = 1,
    /// An invalidation, which lasts until it is dropped.
    Invalidation = 1 << 32,
}

/// Something that this thread has under way: counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Open {
    work: Work,
    // The count is the thread's.
    _of_this_thread: PhantomData<*mut ()>,
}

impl Open {
    #[inline]
    pub(crate) fn count(work: Work) -> Self {
        OPEN.with(|open| open.set(open.get() + work as u64));
        Self { work, _of_this_thread: PhantomData }
    }

    /// Whether this thread has any under way, in whatever address space or chain.
    pub(crate) fn any() -> bool {
        OPEN.with(|open| open.get() != 0)
    }

    /// Whether this thread has an invalidation under way, in whatever address space.
    pub(crate) fn any_invalidation() -> bool {
        OPEN.with(|open| open.get() >= Work::Invalidation as u64)
    }
}

impl Drop for Open {
    #[inline]
    fn drop(&mut self) {
        OPEN.with(|open| open.set(open.get() - self.work as u64));
    }
}
