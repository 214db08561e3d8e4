//! What the atomic and the blocking chain have in common: the list of callbacks, and calling them.

use core::cell::Cell;
use core::fmt;
use core::ptr;
use std::sync::Arc;

use super::answer::{Answer, Outcome};
use super::registration::{AlreadyRegistered, Registration, Unregister};
use crate::check::with_token::might_sleep;
use crate::rcu::{
    Entry, List, Rcu, SharedTombstone, VersionClock, View, Writer, ends_are_deferred,
};
use crate::token::Sleepable;
use crate::unwind::FirstPanic;

/// The callbacks of a chain at one time.
struct Snapshot<C: ?Sized> {
    /// The callbacks with their priorities, the highest first.
    list: List<C, i32>,
    /// What the clock of the chain showed when the list was made.
    made_at: u64,
}

impl<C: ?Sized> Snapshot<C> {
    fn view_at(&self, version: u64) -> View<'_, C> {
        self.list.view_at(version, self.made_at)
    }
}

/// A chain of callbacks. Each of them is a `C`.
pub(super) struct Chain<C: ?Sized> {
    snapshot: Rcu<Snapshot<C>>,
    // It has an `Arc` of its own, since a registration uses it too and may outlive the chain. The note tells whether something
    // was removed.
    clock: Arc<VersionClock<bool>>,
}

impl<C: ?Sized + Send + Sync + 'static> Chain<C> {
    pub(super) fn new() -> Arc<Self> {
        let snapshot = Rcu::new(Snapshot { list: List::new(), made_at: 0 });
        Arc::new(Self { snapshot, clock: Arc::default() })
    }

    #[track_caller]
    pub(super) fn register(
        self: &Arc<Self>,
        callback: Arc<C>,
        priority: i32,
        cx: &mut Sleepable,
    ) -> Result<Registration, AlreadyRegistered> {
        might_sleep();
        let writer = self.snapshot.write(cx);
        let now = self.clock.now();
        let same = |entry: &Entry<C, i32>| {
            entry.tombstone().is_live_at(now)
                && ptr::addr_eq(Arc::as_ptr(entry.callback()), Arc::as_ptr(&callback))
        };
        if writer.current().list.any(same) {
            return Err(AlreadyRegistered);
        }
        Ok(self.add(writer, callback, priority))
    }

    /// Registers a callback that is known not to be registered yet.
    #[track_caller]
    pub(super) fn register_new(
        self: &Arc<Self>,
        callback: Arc<C>,
        priority: i32,
        cx: &mut Sleepable,
    ) -> Registration {
        might_sleep();
        self.add(self.snapshot.write(cx), callback, priority)
    }

    fn add(
        self: &Arc<Self>,
        mut writer: Writer<'_, Snapshot<C>>,
        callback: Arc<C>,
        priority: i32,
    ) -> Registration {
        let (made_at, _) = self.clock.take_notes();
        let entry = Entry::new(callback, priority);
        let tombstone = entry.tombstone().clone();
        let list = writer.current().list.without_removed(made_at, |_| true);
        let list = list.with(entry, |other| other.data < priority);
        let chain: Arc<dyn Unregister> = Arc::<Self>::clone(self);
        let registration = Registration::new(&chain, &self.clock, tombstone);
        writer.publish(Snapshot { list, made_at });
        // The drop of an old callback may panic here. Then the new registration is dropped, and ends.
        writer.collect_if_many();
        registration
    }

    /// Removes the chosen entries from the list, and those whose registrations were dropped. Waits until nobody calls them.
    #[track_caller]
    pub(super) fn remove_where(
        &self,
        chosen: impl Fn(&SharedTombstone) -> bool,
        cx: &mut Sleepable,
    ) {
        might_sleep();
        let mut writer = self.snapshot.write(cx);
        let (made_at, removed) = self.clock.take_notes();
        if removed || writer.current().list.any(|entry| chosen(entry.tombstone())) {
            let keep = |entry: &Entry<C, i32>| !chosen(entry.tombstone());
            let list = writer.current().list.without_removed(made_at, keep);
            writer.publish(Snapshot { list, made_at });
        }
        let period = writer.grace_period();
        let mut first_panic = FirstPanic::new();
        first_panic.catch(|| writer.collect());
        // A thread that is within a call would wait for itself, or for another thread that waits for it.
        if !ends_are_deferred() {
            self.snapshot.synchronize_catching(cx, period, &mut first_panic);
        }
        first_panic.resume();
    }

    pub(super) fn count(&self) -> usize {
        self.snapshot.read().view_at(self.clock.now()).count()
    }
}

impl<C: ?Sized> Chain<C> {
    /// Calls the callbacks, one after another.
    #[inline]
    pub(super) fn call<X>(&self, mut call: impl FnMut(&C) -> Answer<X>) -> Outcome<X> {
        let snapshot = self.snapshot.read();
        let live = snapshot.view_at(self.clock.now());
        let mut called = 0;
        let last = live.try_for_each(&Cell::new(0), |callback| {
            called += 1;
            match call(callback) {
                Answer::Continue => Ok(()),
                last => Err(last),
            }
        });
        Outcome::new(called, last.err().unwrap_or(Answer::Continue))
    }

    /// Calls the callbacks, one after another. If one fails or panics, calls `undo` for each callback before it.
    #[inline]
    pub(super) fn call_robust<T, X>(
        &self,
        cx: &mut T,
        call: impl Fn(&C, &mut T) -> Answer<X>,
        undo: impl Fn(&C, &mut T),
    ) -> Outcome<X> {
        let snapshot = self.snapshot.read();
        let live = snapshot.view_at(self.clock.now());
        let mut called = 0;
        let mut undoing = UndoOnDrop { live, passed: Cell::new(0), due: true, cx, undo };
        let last = live.try_for_each(&undoing.passed, |callback| {
            called += 1;
            match call(callback, undoing.cx) {
                Answer::Continue => Ok(()),
                last => Err(last),
            }
        });
        let answer = last.err().unwrap_or(Answer::Continue);
        undoing.due = matches!(answer, Answer::Bad(_));
        drop(undoing);
        Outcome::new(called, answer)
    }
}

/// Calls `undo` for the callbacks that were called, when this is dropped, by unwinding too.
struct UndoOnDrop<'a, 'cx, C: ?Sized, T, F: Fn(&C, &mut T)> {
    live: View<'a, C>,
    /// The place behind the last callback that was called with success.
    passed: Cell<usize>,
    /// Whether to call `undo`. It is `true` until it is known that no callback failed.
    due: bool,
    cx: &'cx mut T,
    undo: F,
}

impl<C: ?Sized, T, F: Fn(&C, &mut T)> Drop for UndoOnDrop<'_, '_, C, T, F> {
    fn drop(&mut self) {
        if self.due {
            let undo = &self.undo;
            self.live
                .before(self.passed.get())
                .for_each(self.cx, |callback, cx| undo(callback, cx));
        }
    }
}

impl<C: ?Sized + Send + Sync + 'static> Unregister for Chain<C> {
    #[track_caller]
    fn unregister(&self, tombstone: &SharedTombstone, cx: &mut Sleepable) {
        self.remove_where(|other| other.is(tombstone), cx);
    }
}

impl<C: ?Sized> fmt::Debug for Chain<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let callbacks = self.snapshot.read().view_at(self.clock.now()).count();
        f.debug_struct("Chain").field("callbacks", &callbacks).finish()
    }
}
