//! What the atomic and the blocking chain have in common: the list of callbacks, and calling them.

use core::cell::Cell;
use core::fmt;
use core::ptr;
use std::sync::Arc;

use super::answer::{Answer, Outcome};
use super::registration::{AlreadyRegistered, Registration, Synchronize};
use crate::check::with_token::might_sleep;
#[cfg(feature = "lockdep")]
use crate::lockdep::Class;
use crate::rcu::{Entry, List, Rcu, VersionClock, View, Writer, ends_are_deferred};
use crate::token::Sleepable;
use crate::unwind::FirstPanic;

/// How many replaced lists may be copies, whatever readers keep.
const MAX_COPIES: usize = 8;

/// The callbacks of a chain at one time.
struct Snapshot<C: ?Sized> {
    /// The callbacks with their priorities, the highest first.
    list: List<C, i32>,
    /// What the clock of the chain showed when removed entries were last taken off the list.
    made_at: u64,
    /// How many entries of the list are known to be removed. They are still listed, to make no copy of the list.
    removed: usize,
}

impl<C: ?Sized> Snapshot<C> {
    fn view_at(&self, version: u64) -> View<'_, C> {
        self.list.view_at(version, self.made_at)
    }

    /// Returns the list with its removed entries taken off, or the same list if they are few.
    ///
    /// While a reader keeps replaced lists, most changes take nothing off, so as not to copy the list. Entries are taken off
    /// when a half of the list was removed. So the copies take no more memory than the entries that were added.
    fn without_removed(&self, now: u64, removed: usize, readers_keep_lists: bool) -> Self {
        let removed = self.removed + removed;
        if removed == 0 || readers_keep_lists && removed < self.list.len() / 2 {
            let made_at = if removed == 0 { now } else { self.made_at };
            return Self { list: self.list.clone(), made_at, removed };
        }
        let list = self.list.without_removed(now, |_| true);
        Self { list, made_at: now, removed: 0 }
    }
}

/// A chain of callbacks. Each of them is a `C`.
pub(super) struct Chain<C: ?Sized> {
    snapshot: Rcu<Snapshot<C>>,
    // It has an `Arc` of its own, since a registration uses it too and may outlive the chain. The note tells how many entries
    // were removed.
    clock: Arc<VersionClock<usize>>,
}

impl<C: ?Sized + Send + Sync + 'static> Chain<C> {
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub(super) fn new() -> Arc<Self> {
        let snapshot = Rcu::new(Snapshot { list: List::new(), made_at: 0, removed: 0 });
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
        Ok(self.add(writer, callback, priority, cx))
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
        let writer = self.snapshot.write(cx);
        self.add(writer, callback, priority, cx)
    }

    #[track_caller]
    fn add(
        self: &Arc<Self>,
        mut writer: Writer<'_, Snapshot<C>>,
        callback: Arc<C>,
        priority: i32,
        cx: &mut Sleepable,
    ) -> Registration {
        let entry = Entry::new(callback, priority);
        let tombstone = entry.tombstone().clone();
        let mut snapshot = self.without_removed(&writer);
        snapshot.list = snapshot.list.with(entry, |other| other.data < priority);
        let chain: Arc<dyn Synchronize> = Arc::<Self>::clone(self);
        let registration = Registration::new(&chain, &self.clock, tombstone);
        writer.publish(snapshot);
        // The drop of an old callback may panic here. Then the new registration is dropped, and ends.
        writer.collect_if_many(cx);
        registration
    }

    /// Returns the current snapshot without the entries whose registrations have ended, or most of them.
    fn without_removed(&self, writer: &Writer<'_, Snapshot<C>>) -> Snapshot<C> {
        let readers_keep_lists = writer.retired() >= MAX_COPIES;
        let (now, removed) = self.clock.take_notes();
        writer.current().without_removed(now, removed, readers_keep_lists)
    }

    /// Takes the entries whose registrations have ended off the list. Waits until nobody calls them.
    #[track_caller]
    pub(super) fn synchronize(&self, cx: &mut Sleepable) {
        might_sleep();
        // A thread that is within a call would wait for itself, or for another thread that waits for it.
        let waits = !ends_are_deferred();
        let mut writer = self.snapshot.write(cx);
        let readers_keep_lists = !waits && writer.retired() >= MAX_COPIES;
        let (now, removed) = self.clock.take_notes();
        if removed != 0 || writer.current().removed != 0 {
            let snapshot = writer.current().without_removed(now, removed, readers_keep_lists);
            writer.publish(snapshot);
        }
        let period = writer.grace_period();
        let mut first_panic = FirstPanic::new();
        first_panic.catch(|| writer.collect(cx));
        if waits {
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
    #[cfg_attr(feature = "lockdep", track_caller)]
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
    #[cfg_attr(feature = "lockdep", track_caller)]
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

impl<C: ?Sized + Send + Sync + 'static> Synchronize for Chain<C> {
    #[track_caller]
    fn synchronize(&self, cx: &mut Sleepable) {
        Chain::synchronize(self, cx);
    }

    #[cfg(feature = "lockdep")]
    fn readers(&self) -> &Class {
        self.snapshot.readers_class()
    }
}

impl<C: ?Sized> fmt::Debug for Chain<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let callbacks = self.snapshot.read().view_at(self.clock.now()).count();
        f.debug_struct("Chain").field("callbacks", &callbacks).finish()
    }
}
