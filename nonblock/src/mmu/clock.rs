//! When a subscription that was dropped, rather than ended, stops being called.
//!
//! A drop can happen in a section, so it can neither wait nor change the list. It marks its entry with a
//! time, by the address space's own clock, and moves the clock on. An invalidation looks at the clock once, when it
//! begins, and takes an entry as live if its mark lies after that time. So it takes the same entries as live at its end as
//! at its start, whatever is dropped meanwhile.

use std::sync::Arc;

use super::atomic::{AtomicU64, Ordering};
use crate::section::Section;
use crate::sync::SpinLock;

/// The mark of an entry that is not dropped: after every time.
const NEVER: u64 = u64::MAX;

/// The clock of one address space. It counts the drops.
#[derive(Debug)]
pub(super) struct Clock {
    now: AtomicU64,
    /// Held to mark. A section may wait for it, and its holder cannot sleep.
    marking: SpinLock<()>,
}

/// What an entry of the list and its subscription share: when the subscription was dropped.
#[derive(Debug)]
pub(super) struct Mark {
    dead_at: AtomicU64,
}

impl Clock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { now: AtomicU64::new(0), marking: SpinLock::new(()) })
    }

    /// Reads the time. Who reads it sees every mark made up to then.
    #[inline]
    pub(super) fn now(&self) -> u64 {
        // Pairs with the store in `strike`.
        self.now.load(Ordering::Acquire)
    }

    /// Marks an entry as dead from the next tick on, and moves the clock there.
    pub(super) fn strike(&self, mark: &Mark) {
        Section::run(|nb| {
            let _marking = self.marking.lock(nb);
            let tick = self.now.load(Ordering::Relaxed) + 1;
            // While the clock stands at `tick - 1`, and only who holds the lock moves it, nobody can have begun at
            // `tick`: everybody who could still see the entry unmarked takes it as live after this store too.
            mark.dead_at.store(tick, Ordering::Relaxed);
            // Who reads this time sees the mark.
            self.now.store(tick, Ordering::Release);
        });
    }
}

impl Mark {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { dead_at: AtomicU64::new(NEVER) })
    }

    /// Says whether the entry is live for who began at that time. The answer never changes.
    #[inline]
    pub(super) fn is_live_at(&self, began: u64) -> bool {
        self.dead_at.load(Ordering::Relaxed) > began
    }
}
