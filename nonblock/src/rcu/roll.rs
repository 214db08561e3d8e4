//! A list of entries, each of which its subscription can drop: never changed, only replaced.

use std::sync::Arc;
use std::vec::Vec;

use super::clock::Mark;

/// An entry of the list.
#[derive(Clone, Debug)]
pub(crate) struct Slot<T> {
    pub(crate) item: T,
    pub(crate) mark: Arc<Mark>,
}

/// The entries, in the order in which they are called. Copies share them.
#[derive(Debug)]
pub(crate) struct Roll<T> {
    slots: Arc<[Slot<T>]>,
}

impl<T> Clone for Roll<T> {
    fn clone(&self) -> Self {
        Self { slots: Arc::clone(&self.slots) }
    }
}

impl<T: Clone> Roll<T> {
    pub(crate) fn empty() -> Self {
        Self { slots: Arc::default() }
    }

    /// Makes the list anew with only those that are live at a time, and that `keep` keeps.
    pub(crate) fn without_dropped(&self, now: u64, keep: impl Fn(&Slot<T>) -> bool) -> Self {
        let kept = self.slots.iter().filter(|slot| slot.mark.is_live_at(now) && keep(slot));
        Self { slots: kept.cloned().collect() }
    }

    /// Makes the list anew with one more, before the first of which `behind` holds.
    pub(crate) fn with(&self, slot: Slot<T>, behind: impl Fn(&Slot<T>) -> bool) -> Self {
        let place = self.slots.iter().position(behind).unwrap_or(self.slots.len());
        let mut slots = Vec::with_capacity(self.slots.len() + 1);
        slots.extend_from_slice(&self.slots[..place]);
        slots.push(slot);
        slots.extend_from_slice(&self.slots[place..]);
        Self { slots: slots.into() }
    }
}

impl<T> Roll<T> {
    /// Says whether something in the list is chosen.
    pub(crate) fn has_any(&self, chosen: impl Fn(&Slot<T>) -> bool) -> bool {
        self.slots.iter().any(chosen)
    }

    /// The list without those that were dropped by the time at which the caller began.
    ///
    /// # Arguments
    ///
    /// * `made_at`: when the list was made, by the same clock: nothing in it was dropped by then.
    #[inline]
    pub(crate) fn live_at(&self, began: u64, made_at: u64) -> Live<'_, T> {
        Live { slots: &self.slots, began, whole: made_at == began }
    }
}

/// The list as a call sees it that began at a time.
#[derive(Debug)]
pub(crate) struct Live<'a, T> {
    slots: &'a [Slot<T>],
    began: u64,
    /// Nothing in the list was dropped by then, so nobody need look.
    whole: bool,
}

impl<T> Clone for Live<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Live<'_, T> {}

impl<'a, T> Live<'a, T> {
    /// Returns the first live item at a place or after it, and the place behind it.
    #[inline]
    pub(crate) fn next(&self, mut place: usize) -> Option<(&'a T, usize)> {
        loop {
            let slot = self.slots.get(place)?;
            place += 1;
            if self.whole || slot.mark.is_live_at(self.began) {
                return Some((&slot.item, place));
            }
        }
    }

    /// Those before a place.
    #[inline]
    pub(crate) fn before(self, place: usize) -> Self {
        Self { slots: &self.slots[..place], ..self }
    }

    pub(crate) fn count(&self) -> usize {
        self.slots.iter().filter(|slot| slot.mark.is_live_at(self.began)).count()
    }
}

/// Calls something for every live item, in order. One that panics does not keep the others from it.
#[inline]
pub(crate) fn for_every<T, C: ?Sized>(live: Live<'_, T>, cx: &mut C, call: impl Fn(&T, &mut C)) {
    let mut rest = Rest { live, place: 0, cx, call };
    rest.call();
}

/// The calls that are due. Dropped by an unwinding call, it makes the others.
struct Rest<'a, 'cx, T, C: ?Sized, F: Fn(&T, &mut C)> {
    live: Live<'a, T>,
    place: usize,
    cx: &'cx mut C,
    call: F,
}

impl<T, C: ?Sized, F: Fn(&T, &mut C)> Rest<'_, '_, T, C, F> {
    #[inline]
    fn call(&mut self) {
        while let Some((item, behind)) = self.live.next(self.place) {
            self.place = behind;
            (self.call)(item, self.cx);
        }
    }
}

impl<T, C: ?Sized, F: Fn(&T, &mut C)> Drop for Rest<'_, '_, T, C, F> {
    #[inline]
    fn drop(&mut self) {
        self.call();
    }
}
