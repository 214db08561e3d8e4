//! A list of callbacks. A change makes a new list that replaces the old one. A section marks a callback as removed instead.

use core::cell::Cell;
use core::fmt;
use core::ptr::NonNull;
use std::sync::Arc;
use std::vec::Vec;

use super::shared_slice::SharedSlice;
use super::tombstone::{SharedTombstone, Tombstone};
use crate::unwind::{self, DropCaught};

/// A list of callbacks, in the order in which they are called. It never changes, and clones share its entries.
///
/// Keep it in an [`Rcu`](super::Rcu). To add an entry, or to take removed entries off, make another list and publish it. To
/// remove an entry in a section, mark its [`SharedTombstone`] with the [`VersionClock`](super::VersionClock) of the list. The
/// next change of the list then takes the entry off.
///
/// * `C`: the type of the callbacks, mostly a `dyn` trait.
/// * `D`: what the list keeps beside each callback, such as a priority.
///
/// # Context
///
/// Looking at it does not sleep. Making another list allocates, and dropping the last clone drops the callbacks. Do both
/// with the token, as publishing is done.
///
/// # Memory
///
/// A list [`with`](List::with) one more entry at its end shares the memory of the list that it was made from. So a thousand
/// lists that a reader keeps from being dropped do not take a thousand times the memory of one. The entry is dropped with the
/// last of the lists that share the memory. A list that has an entry inserted elsewhere, or entries taken off, is a copy.
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
    /// What a call looks at: an item for each entry.
    callees: SharedSlice<Callee<C>>,
    /// What only a change of the list looks at.
    entries: SharedSlice<Arc<Entry<C, D>>>,
}

/// A callback as a call sees it. The entry of the callback owns what this points to.
///
/// It holds no `Arc`. So copying the list changes no count that lies beside the data of a callback.
struct Callee<C: ?Sized> {
    callback: NonNull<C>,
    tombstone: NonNull<Tombstone>,
}

impl<C: ?Sized> Clone for Callee<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: ?Sized> Copy for Callee<C> {}

// SAFETY: but for the lifetime, it is a `&C` and a `&Tombstone`, and a `Tombstone` is an atomic.
unsafe impl<C: ?Sized + Sync> Send for Callee<C> {}

// SAFETY: but for the lifetime, it is a `&C` and a `&Tombstone`, and a `Tombstone` is an atomic.
unsafe impl<C: ?Sized + Sync> Sync for Callee<C> {}

/// An entry of a [`List`].
///
/// # Context
///
/// Looking at it may happen anywhere. Dropping the last clone of a list drops its entries, and their callbacks.
///
/// # Examples
///
/// See [`List`].
pub struct Entry<C: ?Sized, D = ()> {
    callback: DropCaught<Arc<C>>,
    /// What the list keeps beside the callback.
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

    /// Returns what a call is to see. The entry never changes, so everything in it stays in its place.
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
        Self::from_entries(Vec::new())
    }

    fn from_entries(entries: Vec<Arc<Entry<C, D>>>) -> Self {
        let callees: Vec<_> = entries.iter().map(|entry| entry.callee()).collect();
        Self { callees: callees.into(), entries: entries.into() }
    }

    /// Returns a list of the entries that are live at a version, and for which `keep` returns `true`.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    #[must_use]
    pub fn without_removed(&self, version: u64, keep: impl Fn(&Entry<C, D>) -> bool) -> Self {
        let kept = |entry: &&Arc<Entry<C, D>>| entry.tombstone.is_live_at(version) && keep(entry);
        Self::from_entries(self.entries.iter().filter(kept).cloned().collect())
    }

    /// Returns a list with one more entry. It comes before the first entry for which `is_behind` returns `true`.
    ///
    /// If that is the end, the two lists share memory, and the entry lives until both are dropped. So publish the new list in
    /// place of this one.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    #[must_use]
    pub fn with(&self, entry: Entry<C, D>, is_behind: impl Fn(&Entry<C, D>) -> bool) -> Self {
        let place = self.entries.iter().position(|other| is_behind(other));
        let entry = Arc::new(entry);
        let Some(place) = place else {
            let callees = self.callees.pushed(entry.callee());
            return Self { callees, entries: self.entries.pushed(entry) };
        };
        let (before, after) = self.entries.split_at(place);
        let mut entries = Vec::with_capacity(self.entries.len() + 1);
        entries.extend_from_slice(before);
        entries.push(entry);
        entries.extend_from_slice(after);
        Self::from_entries(entries)
    }

    /// Returns whether `chosen` returns `true` for an entry of the list.
    ///
    /// # Context
    ///
    /// Does not sleep itself. It may be called where `chosen` may.
    pub fn any(&self, chosen: impl Fn(&Entry<C, D>) -> bool) -> bool {
        self.entries.iter().any(|entry| chosen(entry))
    }

    /// Returns how many entries the list has, with those that were removed and are still listed.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether the list has no entry, not even a removed one.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the view of a call that began at a version: the list without the entries that were removed by then.
    ///
    /// # Arguments
    ///
    /// * `version`: what the clock of the list showed when the call began, after the list was read.
    /// * `made_at`: what the clock showed when the list was made. No entry of the list was removed by then. So if the two are
    ///   equal, no tombstone is looked at. If it is 0, all tombstones are looked at, unless nothing was ever removed.
    ///
    /// # Context
    ///
    /// Does not sleep.
    #[inline]
    pub fn view_at(&self, version: u64, made_at: u64) -> View<'_, C> {
        View { callees: &self.callees, none_removed: made_at == version, version }
    }
}

/// A [`List`] as a call sees it. The version at which the call began decides which entries are live.
///
/// # Context
///
/// Does not sleep itself. The callbacks may sleep if the caller may.
///
/// # Examples
///
/// See [`List`].
pub struct View<'a, C: ?Sized> {
    /// The callees of a list. The list is borrowed for `'a`, with its entries.
    callees: &'a [Callee<C>],
    /// Whether no entry of the list was removed at this version. Then no tombstone is looked at.
    none_removed: bool,
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
    /// Calls the closure for the live callbacks, one after another, until it returns an error.
    ///
    /// # Arguments
    ///
    /// * `passed`: after each call that returns `Ok`, it is set to the place behind the callback. So even after a panic,
    ///   [`before`](Self::before) returns the callbacks that were called.
    ///
    /// # Context
    ///
    /// Does not sleep itself. It may be called where the closure may.
    ///
    /// # Errors
    ///
    /// The error that the closure returned.
    #[inline]
    pub fn try_for_each<X>(
        self,
        passed: &Cell<usize>,
        mut call: impl FnMut(&'a C) -> Result<(), X>,
    ) -> Result<(), X> {
        if !self.none_removed {
            // A copy of the caller's cell: if a reference to that one were passed on, it could not stay in a register.
            let place = Cell::new(0);
            let _copy = CopyOnDrop { place: &place, to: passed };
            return try_for_each_live(self.callees, self.version, &place, call);
        }
        for (place, callee) in self.callees.iter().enumerate() {
            // SAFETY: the list is borrowed for `'a`.
            call(unsafe { callee.callback() })?;
            passed.set(place + 1);
        }
        Ok(())
    }

    /// Calls the closure for every live callback, in order. If one panics, the others are called all the same.
    ///
    /// # Arguments
    ///
    /// * `cx`: it is lent to each call.
    ///
    /// # Context
    ///
    /// Does not sleep itself. It may be called where the closure may.
    ///
    /// # Panics
    ///
    /// The first panic of a callback passes through, after all were called. If the thread is unwinding already, no panic does.
    #[inline]
    pub fn for_each<T: ?Sized>(self, cx: &mut T, call: impl Fn(&C, &mut T) + Copy) {
        if !self.none_removed {
            return for_each_live(self.callees, self.version, cx, call);
        }
        unwind::for_each_of(self.callees, cx, move |callee, cx| {
            // SAFETY: the list is borrowed for `'a`.
            call(unsafe { callee.callback() }, cx);
        });
    }

    /// Returns the part before a place. [`try_for_each`](Self::try_for_each) sets such a place.
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
    /// May be called anywhere.
    #[must_use]
    pub fn count(&self) -> usize {
        if self.none_removed {
            return self.callees.len();
        }
        // SAFETY: the list is borrowed for `'a`.
        let live = |callee: &&Callee<C>| unsafe { callee.is_live_at(self.version) };
        self.callees.iter().filter(live).count()
    }
}

impl<C: ?Sized> Callee<C> {
    /// Returns the callback.
    ///
    /// # Safety
    ///
    /// The list that this is from stays for `'a`, and with it the entry.
    #[inline]
    unsafe fn callback<'a>(&self) -> &'a C {
        // SAFETY: the entry owns the callback, and the caller promises that the entry stays.
        unsafe { self.callback.as_ref() }
    }

    /// Returns whether the entry is live for a call that began at a version.
    ///
    /// # Safety
    ///
    /// The list that this is from is there, and with it the entry.
    #[inline]
    unsafe fn is_live_at(&self, version: u64) -> bool {
        // SAFETY: the entry owns the tombstone, and the caller promises that the entry is there.
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

// It is not inlined, so that the other loop has the registers for itself. Each argument is a single word, so that the caller can
// keep it in a register too.
#[cold]
#[inline(never)]
fn try_for_each_live<'a, C: ?Sized, X>(
    callees: &'a [Callee<C>],
    version: u64,
    passed: &Cell<usize>,
    mut call: impl FnMut(&'a C) -> Result<(), X>,
) -> Result<(), X> {
    for (place, callee) in callees.iter().enumerate() {
        // SAFETY: the list that these are from is borrowed for `'a`.
        if unsafe { callee.is_live_at(version) } {
            // SAFETY: the list that these are from is borrowed for `'a`.
            call(unsafe { callee.callback() })?;
            passed.set(place + 1);
        }
    }
    Ok(())
}

// It is not inlined, for the same reason as `try_for_each_live`.
#[cold]
#[inline(never)]
fn for_each_live<C: ?Sized, T: ?Sized>(
    callees: &[Callee<C>],
    version: u64,
    cx: &mut T,
    call: impl Fn(&C, &mut T) + Copy,
) {
    // SAFETY: the list that these are from is borrowed meanwhile.
    let live = |callee: &&Callee<C>| unsafe { callee.is_live_at(version) };
    // SAFETY: the list that these are from is borrowed meanwhile.
    let call = |callee: &Callee<C>, cx: &mut T| call(unsafe { callee.callback() }, cx);
    unwind::for_each(callees.iter().filter(live), cx, call);
}
