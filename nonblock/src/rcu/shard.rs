//! Which of a fixed number of counters a thread uses, so that threads seldom share one.

use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering};

/// How many there are. A power of two, so that a number is brought into range by a mask.
pub(crate) const SHARDS: usize = 16;

/// The number of the next thread that asks.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A thread that has not asked yet.
const UNSET: usize = usize::MAX;

std::thread_local! {
    static SHARD: Cell<usize> = const { Cell::new(UNSET) };
}

/// Returns this thread's shard. Threads are dealt out in turn.
#[inline]
pub(crate) fn of_this_thread() -> usize {
    SHARD.with(|shard| {
        if shard.get() == UNSET {
            shard.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        // The optimizer does not know that it is in range.
        shard.get() % SHARDS
    })
}
