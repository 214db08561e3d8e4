//! Turns of readers: how a reader that invalidations overtook too often gets its reading done.
//!
//! A reader takes the turn of its interval. As long as it has the turn, an invalidation of the interval that may sleep waits
//! before it begins. So those under way come to their end, no new one begins, and the reader's next try succeeds.
//!
//! Nobody waits for ever. The wait of an invalidation is limited, and when it is over the turn ends, for all other
//! invalidations too. So a reader whose look-up depends on an invalidation, or on a lock that is held while one waits, only
//! delays it. Three kinds of invalidation do not wait at all:
//!
//! * One whose caller must not sleep. The reader may be waiting for memory, and that invalidation may be what frees it.
//! * One of a thread that has an invalidation open, for which the reader may be waiting.
//! * One of a thread that has a turn itself, in its look-up.
//!
//! The counts need no order between threads. Whoever misses a turn that was just taken is one of those that were under way
//! before it, and the reader waits for them in any case. The turn decides who waits, and never whether a page is stale: see
//! `invalidate_seq`.

use crate::primitive::{AtomicU64, Ordering};

/// The turn of one interval: the number of the turn, or 0 while no reader has it.
#[derive(Debug)]
pub(super) struct IntervalTurn(AtomicU64);

impl IntervalTurn {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Returns the number of the turn that a reader has, or 0.
    pub(super) fn current(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The turns of all intervals of an address space.
#[derive(Debug)]
pub(super) struct Turns {
    /// How many were ever taken.
    taken: AtomicU64,
    /// How many have not ended.
    open: AtomicU64,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self { taken: AtomicU64::new(0), open: AtomicU64::new(0) }
    }

    /// Returns whether a reader has a turn.
    #[inline]
    pub(super) fn any(&self) -> bool {
        self.open.load(Ordering::Relaxed) != 0
    }

    /// Takes the turn of the interval, unless a reader has it. Returns its number.
    pub(super) fn take(&self, turn: &IntervalTurn) -> Option<u64> {
        let number = self.taken.fetch_add(1, Ordering::Relaxed) + 1;
        self.open.fetch_add(1, Ordering::Relaxed);
        let taken = turn.0.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
        if taken.is_err() {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
        taken.ok().map(|_| number)
    }

    /// Ends the turn of that number, unless it has ended.
    pub(super) fn end(&self, turn: &IntervalTurn, number: u64) {
        let ended = turn.0.compare_exchange(number, 0, Ordering::Relaxed, Ordering::Relaxed);
        if number != 0 && ended.is_ok() {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
