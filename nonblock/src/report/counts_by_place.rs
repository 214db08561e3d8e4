//! Tables of counts by place. They neither lock nor allocate.

use super::counter::Counter;
use crate::once_cell::OnceCell;
use crate::violation::{Place, ViolationKind};

/// Violations by place and kind.
pub(super) static VIOLATIONS: CountsByPlace<ViolationKind, 128> = CountsByPlace::empty();

/// Reports that the policy to warn has written, by place, kind, and the beginning of the section.
pub(super) static WRITTEN: CountsByPlace<(ViolationKind, Option<Place>), 128> =
    CountsByPlace::empty();

/// Uses of `permit_sleep` by place and reason.
pub(super) static PERMITS: CountsByPlace<&'static str, 64> = CountsByPlace::empty();

/// What is counted: a kind or a reason, at a place.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Key<T> {
    pub(crate) what: T,
    pub(crate) place: Place,
}

struct Slot<T> {
    key: OnceCell<Key<T>>,
    count: Counter,
}

/// A table of `SLOTS` counters. A place claims one the first time that something is counted there.
pub(crate) struct CountsByPlace<T, const SLOTS: usize> {
    slots: [Slot<T>; SLOTS],
    /// The count of everything at places that found no free slot.
    unlisted: Counter,
}

impl<T: Copy + PartialEq, const SLOTS: usize> CountsByPlace<T, SLOTS> {
    pub(crate) const fn empty() -> Self {
        Self {
            slots: [const { Slot { key: OnceCell::empty(), count: Counter::new() } }; SLOTS],
            unlisted: Counter::new(),
        }
    }

    /// Counts one more, and returns the new count. Returns 1 if there is no free slot.
    pub(super) fn count(&self, what: T, place: Place) -> usize {
        if let Some((_, slot)) = self.slot(what, place) {
            return slot.count.add_one();
        }
        self.unlisted.add_one();
        1
    }

    /// Counts so many more.
    #[cfg(feature = "watch")]
    pub(crate) fn count_times(&self, what: T, place: Place, times: usize) {
        if times > 0 {
            self.slot(what, place).map_or(&self.unlisted, |(_, slot)| &slot.count).add(times);
        }
    }

    /// Counts one more, and returns the number of the slot.
    #[cfg(feature = "watch")]
    pub(crate) fn count_at(&self, what: T, place: Place) -> Option<usize> {
        let (at, slot) = self.slot(what, place)?;
        slot.count.add_one();
        Some(at)
    }

    /// Returns the slots that are taken, with their numbers. A place can have two: see [`iter`](Self::iter).
    #[cfg(feature = "watch")]
    pub(crate) fn slots(&self) -> impl Iterator<Item = (usize, Place)> + '_ {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(at, slot)| Some((at, slot.key.get()?.place)))
    }

    /// Returns the slot of a key, and its number, if it has one or there is a free one.
    fn slot(&self, what: T, place: Place) -> Option<(usize, &Slot<T>)> {
        let key = Key { what, place };
        // The slot that is looked at first. Places that are close together in a file begin at slots that are not.
        let start = place.line() as usize * 31 + place.column().unwrap_or(0) as usize;
        let places = (0..SLOTS).map(|step| start.wrapping_add(step) % SLOTS);
        places
            .map(|at| (at, &self.slots[at]))
            .find(|(_, slot)| slot.key.get_or_set(key).is_some_and(|found| found == key))
    }

    /// Returns every counted key with its count.
    ///
    /// A key can have two slots. If a thread loses its processor while it claims a slot, other threads do not wait for it, and
    /// claim a second slot for the same key. The counts of such slots are added up.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key<T>, usize)> + '_ {
        self.slots.iter().enumerate().filter_map(|(at, slot)| {
            let key = slot.key.get()?;
            let same = |slot: &&Slot<T>| slot.key.get() == Some(key);
            if self.slots[..at].iter().any(|slot| same(&slot)) {
                return None;
            }
            let counts = self.slots[at..].iter().filter(same);
            let count = counts.map(|slot| slot.count.get()).sum();
            (count > 0).then_some((key, count))
        })
    }

    /// Returns the count of everything at places that found no free slot.
    pub(super) fn unlisted(&self) -> usize {
        self.unlisted.get()
    }
}
