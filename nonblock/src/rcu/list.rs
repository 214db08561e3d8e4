//! A list of callbacks that is never changed, only replaced, and each of which can be removed in a section.

use core::cell::Cell;
use core::fmt;
use core::ptr::NonNull;
use std::sync::Arc;
use std::vec::Vec;

use crossbeam_utils::CachePadded;

use super::shared_slice::SharedSlice;
use super::tombstone::{SharedTombstone, Tombstone};
use crate::unwind::{self, DropCaught};

/// A list of callbacks, in the order in which they are called. It never changes; copies share what is in it.
///
/// To be kept in an [`Rcu`](super::Rcu). Whoever adds an entry, or takes removed ones off, makes another list and publishes
/// that. Whoever removes an entry in a section marks its [`SharedTombstone`] by the list's
/// [`VersionClock`](super::VersionClock), and leaves the taking off to the next change.
///
/// * `C`: the callbacks, mostly a `dyn` trait.
/// * `D`: what else the list is to know of each, such as a priority.
///
/// # Context
///
/// Looking at it does not sleep. Making another one allocates, and dropping the last copy drops the callbacks: to be done
/// with the token, as publishing is.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use nonblock::rcu::{Entry, List, Rcu, VersionClock};
///
/// type Callback = dyn Fn(u32) -> u32 + Send + Sync;
///
/// let clock = VersionClock::<()>::new();
/// let callbacks = Rcu::new(List::<Callback, i32>::new());
/// nonblock::sleepable(|cx| {
///     let twice = Entry::new(Arc::new(|n: u32| 2 * n) as Arc<Callback>, 10);
///     let tombstone = twice.tombstone().clone();
///     callbacks.update(cx, |list| list.with(twice, |other| other.data < 10));
///     let thrice = Entry::new(Arc::new(|n: u32| 3 * n) as Arc<Callback>, 0);
///     callbacks.update(cx, |list| list.with(thrice, |other| other.data < 0));
///
///     let call = || {
///         let list = callbacks.read();
///         let mut results = Vec::new();
///         list.view_at(clock.now(), 0).for_each(&mut results, |f, results| results.push(f(5)));
///         results
///     };
///     assert_eq!(call(), [10, 15]);
///
///     // Removed without a wait or a release of memory, and taken off later.
///     cx.non_block(|_nb| clock.remove(&tombstone, |(), _nb| ()));
///     assert_eq!(call(), [15]);
///     let (now, ()) = clock.take_notes();
///     callbacks.update(cx, |list| list.without_removed(now, |_| true));
///     callbacks.synchronize(cx);
/// });
/// ```
pub struct List<C: ?Sized, D = ()> {
    /// What a call looks at.
    callees: SharedSlice<Callee<C>>,
    /// An entry for each callee: what only a change of the list looks at.
    entries: SharedSlice<Arc<CachePadded<Entry<C, D>>>>,
}

/// A callback as a call sees it. The entry beside it keeps what this points to.
///
/// It has no `Arc`s, so that copying the list counts nothing that lies beside the callback's own data.
#[derive(Debug)]
struct Callee<C: ?Sized> {
    callback: NonNull<C>,
    tombstone: NonNull<Tombstone>,
}

// SAFETY: it is a `&C` and a `&Tombstone` in all but the lifetime, and a `Tombstone` is an atomic.
unsafe impl<C: ?Sized + Sync> Send for Callee<C> {}

// SAFETY: as above.
unsafe impl<C: ?Sized + Sync> Sync for Callee<C> {}

/// An entry of a [`List`].
///
/// # Context
///
/// Looking at it may happen anywhere. Dropping the last copy of a list drops its entries, and their callbacks.
///
/// # Examples
///
/// See [`List`].
pub struct Entry<C: ?Sized, D = ()> {
    callback: DropCaught<Arc<C>>,
    /// What else the list knows of the callback.
    pub data: D,
    tombstone: SharedTombstone,
}

impl<C: ?Sized, D> Entry<C, D> {
    /// Makes an entry, with a tombstone of its own.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    pub fn new(callback: Arc<C>, data: D) -> Self {
        Self { callback: DropCaught::new(callback), data, tombstone: SharedTombstone::new() }
    }

    /// Returns the callback.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn callback(&self) -> &Arc<C> {
        &self.callback
    }

    /// Returns the tombstone, by which the entry is removed.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn tombstone(&self) -> &SharedTombstone {
        &self.tombstone
    }

    /// What a call is to see. The entry never changes, so all of it stays where it is.
    fn callee(&self) -> Callee<C> {
        Callee {
            callback: NonNull::from(&**self.callback),
            tombstone: NonNull::from(&*self.tombstone),
        }
    }
}

impl<C: ?Sized, D: fmt::Debug> fmt::Debug for Entry<C, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("data", &self.data)
            .field("tombstone", &self.tombstone)
            .finish_non_exhaustive()
    }
}

impl<C: ?Sized, D> Clone for List<C, D> {
    fn clone(&self) -> Self {
        Self { callees: self.callees.clone(), entries: self.entries.clone() }
    }
}

impl<C: ?Sized, D> Default for List<C, D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: ?Sized, D: fmt::Debug> fmt::Debug for List<C, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter()).finish()
    }
}

impl<C: ?Sized, D> List<C, D> {
    /// Makes an empty list.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Vec::new())
    }

    fn of(entries: Vec<Arc<CachePadded<Entry<C, D>>>>) -> Self {
        let callees: Vec<_> = entries.iter().map(|entry| entry.callee()).collect();
        Self { callees: callees.into(), entries: entries.into() }
    }

    /// Returns a list of those entries that are live at a version, and for which `keep` returns `true`.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    #[must_use]
    pub fn without_removed(&self, version: u64, keep: impl Fn(&Entry<C, D>) -> bool) -> Self {
        let kept = |entry: &&Arc<CachePadded<Entry<C, D>>>| {
            entry.tombstone.is_live_at(version) && keep(entry)
        };
        Self::of(self.entries.iter().filter(kept).cloned().collect())
    }

    /// Returns a list with one more entry, before the first for which `is_behind` returns `true`.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    #[must_use]
    pub fn with(&self, entry: Entry<C, D>, is_behind: impl Fn(&Entry<C, D>) -> bool) -> Self {
        let place = self.entries.iter().position(|other| is_behind(other));
        let (before, after) = self.entries.split_at(place.unwrap_or(self.entries.len()));
        let mut entries = Vec::with_capacity(self.entries.len() + 1);
        entries.extend_from_slice(before);
        entries.push(Arc::new(CachePadded::new(entry)));
        entries.extend_from_slice(after);
        Self::of(entries)
    }

    /// Returns whether `chosen` returns `true` for an entry of the list.
    ///
    /// # Context
    ///
    /// May be called where the closure may.
    pub fn any(&self, chosen: impl Fn(&Entry<C, D>) -> bool) -> bool {
        self.entries.iter().any(|entry| chosen(entry))
    }

    /// Returns the list as a call sees it that began at a version: without the entries that were removed by then.
    ///
    /// # Arguments
    ///
    /// * `version`: what the list's clock showed when the call began, after the list was read.
    /// * `made_at`: what the clock showed when the list was made. Nothing in it was removed by then, so if the two are
    ///   equal, no tombstone is looked at. With 0 all are looked at, unless nothing was ever removed.
    ///
    /// # Context
    ///
    /// Does not sleep.
    #[inline]
    pub fn view_at(&self, version: u64, made_at: u64) -> View<'_, C> {
        View { callees: &self.callees, whole: made_at == version, version }
    }
}

/// A [`List`] as a call sees it that began at a certain version.
///
/// # Context
///
/// Does not sleep itself: what is called may, if its caller may.
///
/// # Examples
///
/// See [`List`].
pub struct View<'a, C: ?Sized> {
    /// Those of a list that is borrowed meanwhile, with its entries.
    callees: &'a [Callee<C>],
    /// Whether nothing in the list was removed by then, so that no tombstone need be looked at.
    whole: bool,
    version: u64,
}

impl<C: ?Sized> fmt::Debug for View<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("count", &self.count())
            .field("version", &self.version)
            .finish()
    }
}

impl<C: ?Sized> Clone for View<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: ?Sized> Copy for View<'_, C> {}

impl<'a, C: ?Sized> View<'a, C> {
    /// Calls the closure for one live callback after the other, until it returns an error.
    ///
    /// # Arguments
    ///
    /// * `passed`: is set, after each call that returned `Ok`, to the place behind its callback; so after a panic too,
    ///   [`before`](Self::before) tells who was called.
    ///
    /// # Context
    ///
    /// May be called where the closure may.
    ///
    /// # Errors
    ///
    /// The first error that the closure returns.
    #[inline]
    pub fn try_for_each<X>(
        self,
        passed: &Cell<usize>,
        mut call: impl FnMut(&'a C) -> Result<(), X>,
    ) -> Result<(), X> {
        if !self.whole {
            // Another cell: the caller's can stay in a register only if no other function has a reference to it.
            let place = Cell::new(0);
            let _copy = CopyOnDrop { place: &place, to: passed };
            return try_for_each_marked(self.callees, self.version, &place, call);
        }
        for (place, callee) in self.callees.iter().enumerate() {
            // SAFETY: the list is borrowed for `'a`.
            call(unsafe { callee.callback() })?;
            passed.set(place + 1);
        }
        Ok(())
    }

    /// Calls the closure for every live callback, in order. A callback that panics does not keep the others from their call.
    ///
    /// # Arguments
    ///
    /// * `cx`: is lent to each call.
    ///
    /// # Context
    ///
    /// May be called where the closure may.
    ///
    /// # Panics
    ///
    /// The first panic of a callback passes through when all were called; none does if the thread is unwinding already.
    #[inline]
    pub fn for_each<T: ?Sized>(self, cx: &mut T, call: impl Fn(&C, &mut T) + Copy) {
        if !self.whole {
            return for_each_marked(self.callees, self.version, cx, call);
        }
        unwind::for_each(self.callees.iter(), cx, move |callee, cx| {
            // SAFETY: as above.
            call(unsafe { callee.callback() }, cx);
        });
    }

    /// Returns the part before a place, as [`try_for_each`](Self::try_for_each) tells one.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Panics
    ///
    /// If the place is behind the end.
    #[inline]
    #[must_use]
    pub fn before(self, place: usize) -> Self {
        Self { callees: &self.callees[..place], ..self }
    }

    /// Returns how many callbacks are live.
    ///
    /// # Context
    ///
    /// Does not sleep.
    #[must_use]
    pub fn count(&self) -> usize {
        if self.whole {
            return self.callees.len();
        }
        // SAFETY: as above.
        let live = |callee: &&Callee<C>| unsafe { callee.is_live_at(self.version) };
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
    unsafe fn is_live_at(&self, version: u64) -> bool {
        // SAFETY: the entry keeps the tombstone, and the caller the entry.
        unsafe { self.tombstone.as_ref() }.is_live_at(version)
    }
}

/// Copies a place when it is dropped, by unwinding too.
struct CopyOnDrop<'a> {
    place: &'a Cell<usize>,
    to: &'a Cell<usize>,
}

impl Drop for CopyOnDrop<'_> {
    #[inline]
    fn drop(&mut self) {
        self.to.set(self.place.get());
    }
}

// Out of line, to leave the other loop its registers; with single words as arguments, so that its caller can keep those
// in registers too.
#[cold]
#[inline(never)]
fn try_for_each_marked<'a, C: ?Sized, X>(
    callees: &'a [Callee<C>],
    version: u64,
    passed: &Cell<usize>,
    mut call: impl FnMut(&'a C) -> Result<(), X>,
) -> Result<(), X> {
    for (place, callee) in callees.iter().enumerate() {
        // SAFETY: the list of these is borrowed for `'a`.
        if unsafe { callee.is_live_at(version) } {
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
fn for_each_marked<C: ?Sized, T: ?Sized>(
    callees: &[Callee<C>],
    version: u64,
    cx: &mut T,
    call: impl Fn(&C, &mut T) + Copy,
) {
    // SAFETY: the list of these is borrowed meanwhile.
    let live = |callee: &&Callee<C>| unsafe { callee.is_live_at(version) };
    // SAFETY: as above.
    let call = |callee: &Callee<C>, cx: &mut T| call(unsafe { callee.callback() }, cx);
    unwind::for_each(callees.iter().filter(live), cx, call);
}
