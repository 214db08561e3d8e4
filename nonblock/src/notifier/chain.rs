//! The chain under both kinds: the list of callbacks, and the ways through it.

use core::cell::Cell;
use core::fmt;
use core::ptr;
use std::sync::Arc;

use super::answer::{Answer, Outcome};
use super::registration::{AlreadyRegistered, Registration, Unlink};
use crate::check::might_sleep;
use crate::rcu::{
    Entry, List, Rcu, SharedTombstone, VersionClock, View, Writer, ends_are_deferred,
};
use crate::token::Sleepable;
use crate::unwind::FirstPanic;

/// The callbacks, the highest priority first.
struct Links<C: ?Sized> {
    /// With the priorities.
    list: List<C, i32>,
    /// The version, by the chain's clock, at which the list was made.
    made_at: u64,
}

impl<C: ?Sized> Links<C> {
    fn view_at(&self, version: u64) -> View<'_, C> {
        self.list.view_at(version, self.made_at)
    }
}

/// A chain of callbacks that are a `C` each.
pub(super) struct Chain<C: ?Sized> {
    links: Rcu<Links<C>>,
    // In an `Arc` of its own, since registrations that outlive the chain use it too. Its note: something was removed.
    clock: Arc<VersionClock<bool>>,
}

impl<C: ?Sized + Send + Sync + 'static> Chain<C> {
    pub(super) fn new() -> Arc<Self> {
        let links = Rcu::new(Links { list: List::new(), made_at: 0 });
        Arc::new(Self { links, clock: Arc::default() })
    }

    #[track_caller]
    pub(super) fn register(
        self: &Arc<Self>,
        callback: Arc<C>,
        priority: i32,
        cx: &mut Sleepable,
    ) -> Result<Registration, AlreadyRegistered> {
        might_sleep();
        let writer = self.links.write(cx);
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

    /// Registers a callback that cannot be registered yet.
    #[track_caller]
    pub(super) fn register_new(
        self: &Arc<Self>,
        callback: Arc<C>,
        priority: i32,
        cx: &mut Sleepable,
    ) -> Registration {
        might_sleep();
        self.add(self.links.write(cx), callback, priority)
    }

    fn add(
        self: &Arc<Self>,
        mut writer: Writer<'_, Links<C>>,
        callback: Arc<C>,
        priority: i32,
    ) -> Registration {
        let (made_at, _) = self.clock.take_notes();
        let entry = Entry::new(callback, priority);
        let tombstone = entry.tombstone().clone();
        let list = writer.current().list.without_removed(made_at, |_| true);
        let list = list.with(entry, |other| other.data < priority);
        let chain: Arc<dyn Unlink> = Arc::<Self>::clone(self);
        let registration = Registration::new(&chain, &self.clock, tombstone);
        writer.publish(Links { list, made_at });
        // A callback that is dropped here may panic, and then the registration ends.
        writer.collect_if_many();
        registration
    }

    /// Takes the chosen entries off the list, and those that were removed, and waits until nobody calls them.
    #[track_caller]
    pub(super) fn take_off(&self, chosen: impl Fn(&SharedTombstone) -> bool, cx: &mut Sleepable) {
        might_sleep();
        let mut writer = self.links.write(cx);
        let (made_at, removed) = self.clock.take_notes();
        if removed || writer.current().list.any(|entry| chosen(entry.tombstone())) {
            let keep = |entry: &Entry<C, i32>| !chosen(entry.tombstone());
            let list = writer.current().list.without_removed(made_at, keep);
            writer.publish(Links { list, made_at });
        }
        let period = writer.grace_period();
        let mut first_panic = FirstPanic::new();
        first_panic.catch(|| writer.collect());
        // A thread that is in a call would wait for itself, or for one that likewise waits for it.
        if !ends_are_deferred() {
            self.links.synchronize_catching(cx, period, &mut first_panic);
        }
        first_panic.resume();
    }

    pub(super) fn count(&self) -> usize {
        self.links.read().view_at(self.clock.now()).count()
    }
}

impl<C: ?Sized> Chain<C> {
    /// Calls one callback after the other.
    #[inline]
    pub(super) fn call<X>(&self, mut call: impl FnMut(&C) -> Answer<X>) -> Outcome<X> {
        let links = self.links.read();
        let live = links.view_at(self.clock.now());
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

    /// Calls one callback after the other; if one goes wrong, or panics, calls those before it once more, otherwise.
    #[inline]
    pub(super) fn call_robust<T, X>(
        &self,
        cx: &mut T,
        call: impl Fn(&C, &mut T) -> Answer<X>,
        undo: impl Fn(&C, &mut T),
    ) -> Outcome<X> {
        let links = self.links.read();
        let live = links.view_at(self.clock.now());
        let mut called = 0;
        let mut undoing = Undo { live, passed: Cell::new(0), due: true, cx, call: undo };
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

/// Calls back, when it is dropped, the callbacks that were called.
struct Undo<'a, 'cx, C: ?Sized, T, F: Fn(&C, &mut T)> {
    live: View<'a, C>,
    /// The place behind the last one that was called.
    passed: Cell<usize>,
    /// `true` until it is known that all went well.
    due: bool,
    cx: &'cx mut T,
    call: F,
}

impl<C: ?Sized, T, F: Fn(&C, &mut T)> Drop for Undo<'_, '_, C, T, F> {
    fn drop(&mut self) {
        if self.due {
            let call = &self.call;
            self.live
                .before(self.passed.get())
                .for_each(self.cx, |callback, cx| call(callback, cx));
        }
    }
}

impl<C: ?Sized + Send + Sync + 'static> Unlink for Chain<C> {
    #[track_caller]
    fn unlink(&self, tombstone: &SharedTombstone, cx: &mut Sleepable) {
        self.take_off(|other| other.is(tombstone), cx);
    }
}

impl<C: ?Sized> fmt::Debug for Chain<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let callbacks = self.links.read().view_at(self.clock.now()).count();
        f.debug_struct("Chain").field("callbacks", &callbacks).finish()
    }
}
