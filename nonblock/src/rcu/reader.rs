//! The state of each reading thread: how many reads it has under way, and which shard of the counters it uses.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::primitive::{RCU_SHARDS, per_thread};

per_thread! {
    /// How many reads of any kind this thread has under way.
    static READS: usize = 0;
}

/// The shard of a thread that has not chosen one yet.
const UNSET: usize = usize::MAX;

per_thread! {
    /// Which shard this thread uses.
    static SHARD: usize = UNSET;
}

/// Counts the threads that have chosen a shard.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Returns which of the [`RCU_SHARDS`] shards this thread uses. Threads take them in turn, so that few threads share one.
#[inline]
pub(super) fn shard_of_this_thread() -> usize {
    SHARD.with(|shard| {
        if shard.get() == UNSET {
            shard.set(NEXT.fetch_add(1, Ordering::Relaxed) % RCU_SHARDS);
        }
        // The optimizer does not know that the number is in range.
        shard.get() % RCU_SHARDS
    })
}

/// Tells, by its name in messages of the compiler, why a read is neither `Send` nor `Sync`.
trait GuardStaysOnItsThread {}

/// A read that this thread has under way. It is counted until this guard is dropped.
#[derive(Debug)]
pub(super) struct ActiveRead {
    // The count belongs to the thread. It is an empty array for the same reason as in the tokens.
    _of_this_thread: [*mut dyn GuardStaysOnItsThread; 0],
}

impl ActiveRead {
    #[inline]
    pub(super) fn begin() -> Self {
        READS.with(|reads| {
            let now = reads.get();
            // Where guards that were forgotten could run it over, it stays at its highest number: a reader for ever.
            reads.set(if usize::BITS < 64 { now.saturating_add(1) } else { now + 1 });
        });
        Self { _of_this_thread: [] }
    }
}

impl Drop for ActiveRead {
    #[inline]
    fn drop(&mut self) {
        READS.with(|reads| {
            let now = reads.get();
            if usize::BITS >= 64 || now != usize::MAX {
                reads.set(now - 1);
            }
        });
    }
}

/// Returns whether this thread is a reader. If so, it cannot wait for readers, and the ends of registrations and subscriptions
/// are deferred.
///
/// A thread is a reader while it holds a [`Guard`](super::Guard), while it is within a callback of any notifier chain or
/// address space, and while it has an invalidation of `nonblock-mm` open. If it forgets one of these (`core::mem::forget`), it
/// is a reader for ever.
///
/// A reader that waited for readers would wait for itself, or for another thread that waits for it. So on a reader,
/// [`Registration::unregister`](crate::notifier::Registration::unregister) does not wait, and
/// [`Rcu::synchronize`](super::Rcu::synchronize) panics. Where it matters that no callback runs any more, call this before.
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
