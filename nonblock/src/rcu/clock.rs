//! When a subscription that was dropped, rather than ended, stops being called.
//!
//! A drop can happen in a section, so it can neither wait nor change the list. It marks its entry with a
//! time, by the list's own clock, and moves the clock on. A call looks at the clock once, when it
//! begins, and takes an entry as live if its mark lies after that time. So an invalidation takes the same entries as live
//! at its end as at its start, whatever is dropped meanwhile.

use core::mem;
use std::sync::Arc;

use super::apart::{Apart, Uncounted};
use super::atomic::{AtomicU64, Ordering};
use crate::section::Section;
use crate::sync::SpinLock;
use crate::token::NonBlock;

/// The mark of an entry that is not dropped: after every time.
const NEVER: u64 = u64::MAX;

/// The clock of one list, or of several that are read together. It counts the drops.
#[derive(Debug)]
pub(crate) struct Clock<D> {
    now: Apart<AtomicU64>,
    /// What was dropped and is still listed. Held to mark: a section may wait for it, and its holder cannot sleep.
    dropped: SpinLock<D>,
}

/// What an entry of the list and its subscription share: when the subscription was dropped.
#[derive(Debug)]
pub(crate) struct Mark {
    dead_at: AtomicU64,
}

/// A mark of its own, apart from the counts of those who share it.
pub(crate) type SharedMark = Arc<Uncounted<Mark>>;

impl<D: Default> Clock<D> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { now: Apart::new(AtomicU64::new(0)), dropped: SpinLock::new(D::default()) })
    }

    /// Reads the time. Who reads it sees every mark made up to then.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        // Pairs with the store in `strike`.
        self.now.load(Ordering::Acquire)
    }

    /// Marks an entry as dead from the next tick on, moves the clock there, and takes a note for [`collect`](Self::collect).
    pub(crate) fn strike(&self, mark: &Mark, note: impl FnOnce(&mut D, &NonBlock)) {
        Section::run(|nb| {
            let mut dropped = self.dropped.lock(nb);
            let tick = self.now.load(Ordering::Relaxed) + 1;
            // While the clock stands at `tick - 1`, and only who holds the lock moves it, nobody can have begun at
            // `tick`: everybody who could still see the entry unmarked takes it as live after this store too.
            mark.dead_at.store(tick, Ordering::Relaxed);
            // Who reads this time sees the mark.
            self.now.store(tick, Ordering::Release);
            note(&mut dropped, nb);
        });
    }

    /// Takes the notes of all drops up to now, and the time. Who takes them takes those entries off the list.
    pub(crate) fn collect(&self) -> (u64, D) {
        Section::run(|nb| {
            let mut dropped = self.dropped.lock(nb);
            (self.now.load(Ordering::Relaxed), mem::take(&mut *dropped))
        })
    }
}

impl Mark {
    pub(crate) fn new() -> Self {
        Self { dead_at: AtomicU64::new(NEVER) }
    }

    pub(crate) fn shared() -> SharedMark {
        Arc::new(Uncounted::new(Self::new()))
    }

    /// Says whether the entry is live for who began at that time. The answer never changes.
    #[inline]
    pub(crate) fn is_live_at(&self, began: u64) -> bool {
        self.dead_at.load(Ordering::Relaxed) > began
    }
}
