//! The list of an address space's notifiers: never changed, only replaced.

use core::fmt;
use std::boxed::Box;
use std::sync::Arc;

use super::clock::Mark;
use super::notifier::Notifier;

/// A notifier that is subscribed.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) notifier: Arc<dyn Notifier>,
    pub(super) mark: Arc<Mark>,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("mark", &self.mark).finish_non_exhaustive()
    }
}

/// How far an address space has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Live,
    /// The notifiers are being told that the process is gone; there are no new ones.
    Releasing,
    Released,
}

/// The notifiers, in the order of their subscription.
#[derive(Debug)]
pub(super) struct List {
    slots: Box<[Slot]>,
    /// When the list was made, by the address space's clock: nothing in it was dropped by then.
    made_at: u64,
    phase: Phase,
}

impl List {
    pub(super) fn empty(phase: Phase) -> Self {
        Self { slots: Box::default(), made_at: 0, phase }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// Makes the list anew with only those that are live at a time, and that `keep` keeps, and with one more.
    pub(super) fn remade(
        &self,
        now: u64,
        keep: impl Fn(&Slot) -> bool,
        more: Option<Slot>,
    ) -> Self {
        let kept =
            self.slots.iter().filter(|slot| slot.mark.is_live_at(now) && keep(slot)).cloned();
        Self { slots: kept.chain(more).collect(), made_at: now, phase: self.phase }
    }

    pub(super) fn in_phase(self, phase: Phase) -> Self {
        Self { phase, ..self }
    }

    /// Says whether something in the list was dropped by that time, or is chosen.
    pub(super) fn has_any(&self, now: u64, chosen: impl Fn(&Slot) -> bool) -> bool {
        self.slots.iter().any(|slot| !slot.mark.is_live_at(now) || chosen(slot))
    }

    /// The list without those that were dropped by the time at which the caller began.
    #[inline]
    pub(super) fn live_at(&self, began: u64) -> Live<'_> {
        Live { slots: &self.slots, began, whole: self.made_at == began }
    }
}

/// The list as an invalidation sees it that began at a time.
#[derive(Clone, Copy)]
pub(super) struct Live<'a> {
    slots: &'a [Slot],
    began: u64,
    /// Nothing in the list was dropped by then, so nobody need look.
    whole: bool,
}

impl<'a> Live<'a> {
    /// Returns the first live notifier at a place or after it, and the place behind it.
    #[inline]
    pub(super) fn next(&self, mut place: usize) -> Option<(&'a dyn Notifier, usize)> {
        loop {
            let slot = self.slots.get(place)?;
            place += 1;
            if self.whole || slot.mark.is_live_at(self.began) {
                return Some((&*slot.notifier, place));
            }
        }
    }

    /// Those before a place.
    #[inline]
    pub(super) fn before(self, place: usize) -> Self {
        Self { slots: &self.slots[..place], ..self }
    }

    pub(super) fn count(&self) -> usize {
        self.slots.iter().filter(|slot| slot.mark.is_live_at(self.began)).count()
    }
}
