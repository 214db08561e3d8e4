//! What a thread reads at the moment, so that it does not wait for itself; and which counters it reads with.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::primitive::{RCU_SHARDS, per_thread};

per_thread! {
    /// How many reads this thread has under way, of whatever kind.
    static READS: usize = 0;
}

/// A thread whose number was not drawn yet.
const UNSET: usize = usize::MAX;

per_thread! {
    static SHARD: usize = UNSET;
}

/// The number of the next thread that reads.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Returns which of the [`RCU_SHARDS`] counters this thread uses. Threads take them in turn, so that few share one.
#[inline]
pub(super) fn shard_of_this_thread() -> usize {
    SHARD.with(|shard| {
        if shard.get() == UNSET {
            shard.set(NEXT.fetch_add(1, Ordering::Relaxed) % RCU_SHARDS);
        }
        // The optimizer does not know that it is in range.
        shard.get() % RCU_SHARDS
    })
}

/// Names, in rustc's messages, why what is counted for a thread is neither `Send` nor `Sync`.
trait GuardStaysOnItsThread {}

/// A read that this thread has under way. It is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Reading {
    // The count is the thread's. An array, as in the tokens, so that a message goes straight to the name.
    _of_this_thread: [*mut dyn GuardStaysOnItsThread; 0],
}

impl Reading {
    #[inline]
    pub(super) fn begin() -> Self {
        READS.with(|reads| reads.set(reads.get() + 1));
        Self { _of_this_thread: [] }
    }
}

impl Drop for Reading {
    #[inline]
    fn drop(&mut self) {
        READS.with(|reads| reads.set(reads.get() - 1));
    }
}

/// Says whether this thread is a reader, and so cannot wait for readers: the ends of its subscriptions and registrations
/// are put off.
///
/// It is one while it holds a [`Guard`](super::Guard), within a callback of whatever notifier chain or address space, and
/// while it has an invalidation of `nonblock-mm` open. If it has forgotten one of these (`core::mem::forget`), it is one for
/// good. To wait for readers, it would have to wait for itself, or for a thread that likewise waits for it. So
/// [`Registration::unregister`](crate::notifier::Registration::unregister) does not wait then, and
/// [`Rcu::synchronize`](super::Rcu::synchronize) panics. Ask this before, where it matters that no callback runs any more.
///
/// Mirrors Linux's `rcu_read_lock_held()` (`include/linux/rcupdate.h`, 6.12).
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
/// use nonblock::notifier::{Answer, AtomicChain};
/// use nonblock::rcu::ends_are_deferred;
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
    READS.with(|reads| reads.get() != 0)
}
