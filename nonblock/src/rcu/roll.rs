//! A list of callbacks, each of which its subscription can drop: never changed, only replaced.

use core::cell::Cell;
use core::ptr::NonNull;
use std::sync::Arc;
use std::vec::Vec;

use super::apart::Uncounted;
use super::clock::{Mark, SharedMark};
use super::kept::Kept;
use super::panics;
use super::shared::Shared;

/// The callbacks, in the order in which they are called. Copies share them.
#[derive(Debug)]
pub(crate) struct Roll<C: ?Sized, D = ()> {
    /// What a call looks at.
    callees: Shared<Callee<C>>,
    /// Those of the callees, as many of them: what only a change of the list looks at.
    entries: Shared<Arc<Uncounted<Entry<C, D>>>>,
}

/// Who is called, and until when: what an entry beside it keeps.
///
/// No `Arc`s, so that a copy of the list counts nothing that lies with the callback's own data.
#[derive(Debug)]
struct Callee<C: ?Sized> {
    callback: NonNull<C>,
    mark: NonNull<Mark>,
}

// SAFETY: it is a `&C` and a `&Mark` in all but the lifetime, and a `Mark` is an atomic.
unsafe impl<C: ?Sized + Sync> Send for Callee<C> {}

// SAFETY: as above.
unsafe impl<C: ?Sized + Sync> Sync for Callee<C> {}

/// One place of the list.
#[derive(Debug)]
pub(crate) struct Entry<C: ?Sized, D> {
    callback: Kept<Arc<C>>,
    /// What else the list is to know of it.
    pub(crate) data: D,
    pub(crate) mark: SharedMark,
}

impl<C: ?Sized, D> Entry<C, D> {
    pub(crate) fn new(callback: Arc<C>, data: D, mark: SharedMark) -> Self {
        Self { callback: Kept::new(callback), data, mark }
    }

    pub(crate) fn callback(&self) -> &Arc<C> {
        &self.callback
    }

    /// Whom this keeps. It never changes, so they stay where they are.
    fn callee(&self) -> Callee<C> {
        Callee { callback: NonNull::from(&**self.callback), mark: NonNull::from(&**self.mark) }
    }
}

impl<C: ?Sized, D> Clone for Roll<C, D> {
    fn clone(&self) -> Self {
        Self { callees: self.callees.clone(), entries: self.entries.clone() }
    }
}

impl<C: ?Sized, D> Roll<C, D> {
    pub(crate) fn empty() -> Self {
        Self::of(Vec::new())
    }

    fn of(entries: Vec<Arc<Uncounted<Entry<C, D>>>>) -> Self {
        let callees: Vec<_> = entries.iter().map(|entry| entry.callee()).collect();
        Self { callees: callees.into(), entries: entries.into() }
    }

    /// Makes the list anew with only those that are live at a time, and that `keep` keeps.
    pub(crate) fn without_dropped(&self, now: u64, keep: impl Fn(&Entry<C, D>) -> bool) -> Self {
        let kept = |entry: &&Arc<Uncounted<Entry<C, D>>>| entry.mark.is_live_at(now) && keep(entry);
        Self::of(self.entries.iter().filter(kept).cloned().collect())
    }

    /// Makes the list anew with one more, before the first of which `behind` holds.
    pub(crate) fn with(&self, entry: Entry<C, D>, behind: impl Fn(&Entry<C, D>) -> bool) -> Self {
        let place = self.entries.iter().position(|other| behind(other));
        let (before, after) = self.entries.split_at(place.unwrap_or(self.entries.len()));
        let mut entries = Vec::with_capacity(self.entries.len() + 1);
        entries.extend_from_slice(before);
        entries.push(Arc::new(Uncounted::new(entry)));
        entries.extend_from_slice(after);
        Self::of(entries)
    }

    /// Says whether something in the list is chosen.
    pub(crate) fn has_any(&self, chosen: impl Fn(&Entry<C, D>) -> bool) -> bool {
        self.entries.iter().any(|entry| chosen(entry))
    }

    /// The list without those that were dropped by the time at which the caller began.
    ///
    /// # Arguments
    ///
    /// * `made_at`: when the list was made, by the same clock: nothing in it was dropped by then.
    #[inline]
    pub(crate) fn live_at(&self, began: u64, made_at: u64) -> Live<'_, C> {
        Live { callees: &self.callees, whole: made_at == began, began }
    }
}

/// The list as a call sees it that began at a time.
#[derive(Debug)]
pub(crate) struct Live<'a, C: ?Sized> {
    /// Of a list that is borrowed meanwhile, and its entries with it.
    callees: &'a [Callee<C>],
    /// Whether nothing in the list was dropped by then, so that nobody need look.
    whole: bool,
    began: u64,
}

impl<C: ?Sized> Clone for Live<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: ?Sized> Copy for Live<'_, C> {}

impl<'a, C: ?Sized> Live<'a, C> {
    /// Calls the closure for one live callback after the other, until it returns an error.
    ///
    /// # Arguments
    ///
    /// * `passed`: is kept at the place behind the last callback for which it returned none.
    #[inline]
    pub(crate) fn try_each<X>(
        self,
        passed: &Cell<usize>,
        mut call: impl FnMut(&'a C) -> Result<(), X>,
    ) -> Result<(), X> {
        if !self.whole {
            // Another, since this function's caller can keep his in a register only if no other function has it.
            let place = Cell::new(0);
            let _handing = Handing { place: &place, on: passed };
            return try_each_marked(self.callees, self.began, &place, call);
        }
        for (place, callee) in self.callees.iter().enumerate() {
            // SAFETY: the list is borrowed for `'a`.
            call(unsafe { callee.callback() })?;
            passed.set(place + 1);
        }
        Ok(())
    }

    /// Calls the closure for every live callback, in order. One that panics does not keep the others from it.
    #[inline]
    pub(crate) fn for_every<T: ?Sized>(self, cx: &mut T, call: impl Fn(&C, &mut T) + Copy) {
        if !self.whole {
            return for_every_marked(self.callees, self.began, cx, call);
        }
        panics::for_every(self.callees.iter(), cx, move |callee, cx| {
            // SAFETY: as above.
            call(unsafe { callee.callback() }, cx);
        });
    }

    /// Those before a place.
    #[inline]
    pub(crate) fn before(self, place: usize) -> Self {
        Self { callees: &self.callees[..place], ..self }
    }

    pub(crate) fn count(&self) -> usize {
        if self.whole {
            return self.callees.len();
        }
        // SAFETY: as above.
        let live = |callee: &&Callee<C>| unsafe { callee.is_live_at(self.began) };
        self.callees.iter().filter(live).count()
    }
}

impl<C: ?Sized> Callee<C> {
    /// # Safety
    ///
    /// The list is there, which keeps the entry, as long as the reference.
    #[inline]
    unsafe fn callback<'a>(&self) -> &'a C {
        // SAFETY: the entry keeps the callback, and the caller the entry.
        unsafe { self.callback.as_ref() }
    }

    /// # Safety
    ///
    /// The list is there, which keeps the entry.
    #[inline]
    unsafe fn is_live_at(&self, began: u64) -> bool {
        // SAFETY: the entry keeps the mark, and the caller the entry.
        unsafe { self.mark.as_ref() }.is_live_at(began)
    }
}

/// Hands a place on when it is dropped, by unwinding too.
struct Handing<'a> {
    place: &'a Cell<usize>,
    on: &'a Cell<usize>,
}

impl Drop for Handing<'_> {
    #[inline]
    fn drop(&mut self) {
        self.on.set(self.place.get());
    }
}

// Apart, to leave the other loop its registers. By single words, so that the others' caller need not write them down.
#[cold]
#[inline(never)]
fn try_each_marked<'a, C: ?Sized, X>(
    callees: &'a [Callee<C>],
    began: u64,
    passed: &Cell<usize>,
    mut call: impl FnMut(&'a C) -> Result<(), X>,
) -> Result<(), X> {
    for (place, callee) in callees.iter().enumerate() {
        // SAFETY: the list of these is borrowed for `'a`.
        if unsafe { callee.is_live_at(began) } {
            // SAFETY: as above.
            call(unsafe { callee.callback() })?;
            passed.set(place + 1);
        }
    }
    Ok(())
}

// As above.
#[cold]
#[inline(never)]
fn for_every_marked<C: ?Sized, T: ?Sized>(
    callees: &[Callee<C>],
    began: u64,
    cx: &mut T,
    call: impl Fn(&C, &mut T) + Copy,
) {
    // SAFETY: the list of these is borrowed meanwhile.
    let live = |callee: &&Callee<C>| unsafe { callee.is_live_at(began) };
    // SAFETY: as above.
    let call = |callee: &Callee<C>, cx: &mut T| call(unsafe { callee.callback() }, cx);
    panics::for_every(callees.iter().filter(live), cx, call);
}
