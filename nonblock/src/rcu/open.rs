//! What a thread has under way, so that it does not wait for itself.

use core::cell::Cell;

std::thread_local! {
    // Without a destructor, so that it can be read while the thread is torn down.
    static OPEN: Cell<u64> = const { Cell::new(0) };
}

/// Names, in rustc's messages, why what is counted for a thread is neither `Send` nor `Sync`.
trait CountsForOneThread {}

/// A call of callbacks that is over when it returns. Counted in the lower half of one number.
pub(crate) type Calling = Open<1>;

/// An invalidation, which lasts until it is dropped. Counted in the upper half.
pub(crate) type Invalidating = Open<{ 1 << 32 }>;

/// Something that this thread has under way: counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Open<const WORK: u64> {
    // The count is the thread's. An array, as in the tokens, so that a message goes straight to the name.
    _of_this_thread: [*mut dyn CountsForOneThread; 0],
}

impl<const WORK: u64> Open<WORK> {
    #[inline]
    pub(crate) fn count() -> Self {
        OPEN.with(|open| open.set(open.get() + WORK));
        Self { _of_this_thread: [] }
    }
}

impl<const WORK: u64> Drop for Open<WORK> {
    #[inline]
    fn drop(&mut self) {
        OPEN.with(|open| open.set(open.get() - WORK));
    }
}

/// Says whether this thread cannot wait for the end of a subscription or registration: its ends are put off.
///
/// So it is within a callback, of whatever address space or chain, and while it has an invalidation open; after
/// it has forgotten one (`core::mem::forget`), for good. Whoever must know that no callback runs any more
/// asks before he ends a subscription.
///
/// # Context
///
/// May be called anywhere. Does not sleep.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use nonblock::NonBlock;
/// use nonblock::notifier::{Answer, AtomicChain, ends_are_deferred};
///
/// let chain = AtomicChain::<u32>::new();
/// nonblock::sleepable(|cx| {
///     let callback = |_: &u32, _: &mut NonBlock| {
///         assert!(ends_are_deferred());
///         Answer::Continue
///     };
///     let registration = chain.register(Arc::new(callback), 0, cx).unwrap();
///     assert_eq!(chain.call(&0, cx).called(), 1);
///
///     assert!(!ends_are_deferred());
///     registration.unregister(cx);
/// });
/// ```
pub fn ends_are_deferred() -> bool {
    OPEN.with(|open| open.get() != 0)
}

/// Whether this thread has an invalidation under way, in whatever address space.
pub(crate) fn any_invalidation_open() -> bool {
    OPEN.with(|open| open.get() >> 32 != 0)
}
