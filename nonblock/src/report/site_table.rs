//! Counts by place, in tables that neither lock nor allocate.

use core::sync::atomic::{AtomicUsize, Ordering};

use super::once_cell::OnceCell;
use crate::violation::{Place, ViolationKind};

/// Violations by place and kind.
pub(super) static VIOLATIONS: Table<ViolationKind, 128> = Table::empty();

/// Uses of `permit_sleep` by place and reason.
pub(super) static PERMITS: Table<&'static str, 64> = Table::empty();

/// What is counted: a thing at a place.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Key<T> {
    pub(super) what: T,
    pub(super) place: Place,
}

struct Slot<T> {
    key: OnceCell<Key<T>>,
    count: AtomicUsize,
}

/// A table of `SLOTS` counters, claimed as places turn up.
pub(super) struct Table<T, const SLOTS: usize> {
    slots: [Slot<T>; SLOTS],
    /// What happened at places that found no slot free.
    unlisted: AtomicUsize,
}

impl<T: Copy + PartialEq, const SLOTS: usize> Table<T, SLOTS> {
    const fn empty() -> Self {
        Self {
            slots: [const { Slot { key: OnceCell::empty(), count: AtomicUsize::new(0) } }; SLOTS],
            unlisted: AtomicUsize::new(0),
        }
    }

    /// Counts one more, and returns how many there are of it now; 1 for what finds no slot.
    pub(super) fn count(&self, what: T, place: Place) -> usize {
        let key = Key { what, place };
        // Where in the table a place is looked for first: neighbours in a file are spread.
        let start = place.line() as usize * 31 + place.column().unwrap_or(0) as usize;
        for step in 0..SLOTS {
            let slot = &self.slots[start.wrapping_add(step) % SLOTS];
            if slot.key.get_or_set(key).is_some_and(|found| found == key) {
                return slot.count.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
            }
        }
        self.unlisted.fetch_add(1, Ordering::Relaxed);
        1
    }

    /// Returns every counted key with its count.
    ///
    /// A thread that loses its processor while it claims a slot can be passed over by others, which then claim a second
    /// slot for the same key. What they counted there belongs to the first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Key<T>, usize)> + '_ {
        self.slots.iter().enumerate().filter_map(|(at, slot)| {
            let key = slot.key.get()?;
            let same = |slot: &&Slot<T>| slot.key.get() == Some(key);
            if self.slots[..at].iter().any(|slot| same(&slot)) {
                return None;
            }
            let counts = self.slots[at..].iter().filter(same);
            let count = counts.map(|slot| slot.count.load(Ordering::Relaxed)).sum();
            (count > 0).then_some((key, count))
        })
    }

    /// Returns how many were counted at places that found no slot.
    pub(super) fn unlisted(&self) -> usize {
        self.unlisted.load(Ordering::Relaxed)
    }
}
