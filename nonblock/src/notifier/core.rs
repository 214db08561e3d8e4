//! What chains of both kinds have in common: the list, and the ways through it.

use core::cell::Cell;
use core::fmt;
use core::ptr;
use std::sync::Arc;

use super::answer::{Answer, Outcome};
use super::registration::{AlreadyRegistered, Registration};
use crate::check::might_sleep;
use crate::rcu::{
    Calling, Clock, Entry, Live, Mark, Panics, Rcu, Roll, SharedMark, Write, ends_are_deferred,
};
use crate::token::Sleepable;

/// The callbacks, the highest priority first.
struct Links<C: ?Sized> {
    /// With the priorities.
    roll: Roll<C, i32>,
    /// When the list was made, by the chain's clock.
    made_at: u64,
}

impl<C: ?Sized> Links<C> {
    fn live_at(&self, began: u64) -> Live<'_, C> {
        self.roll.live_at(began, self.made_at)
    }
}

/// A chain of callbacks that are a `C` each.
pub(super) struct Core<C: ?Sized> {
    links: Rcu<Links<C>>,
    // Apart, since registrations that outlive the chain move it on as well. Its note: something was dropped.
    clock: Arc<Clock<bool>>,
}

/// What a registration needs of its chain.
pub(super) trait Unlink: Send + Sync {
    fn unlink(&self, mark: &SharedMark, cx: &mut Sleepable);
}

impl<C: ?Sized + Send + Sync + 'static> Core<C> {
    pub(super) fn new() -> Arc<Self> {
        let links = Rcu::new(Links { roll: Roll::empty(), made_at: 0 });
        Arc::new(Self { links, clock: Clock::new() })
    }

    #[track_caller]
    pub(super) fn register(
        self: &Arc<Self>,
        callback: Arc<C>,
        priority: i32,
        cx: &mut Sleepable,
    ) -> Result<Registration, AlreadyRegistered> {
        might_sleep();
        let write = self.links.write(cx);
        let now = self.clock.now();
        let same = |entry: &Entry<C, i32>| {
            entry.mark.is_live_at(now)
                && ptr::addr_eq(Arc::as_ptr(entry.callback()), Arc::as_ptr(&callback))
        };
        if write.current().roll.has_any(same) {
            return Err(AlreadyRegistered);
        }
        Ok(self.add(write, callback, priority))
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
        mut write: Write<'_, Links<C>>,
        callback: Arc<C>,
        priority: i32,
    ) -> Registration {
        let mark = Mark::shared();
        let (made_at, _) = self.clock.collect();
        let entry = Entry::new(callback, priority, Arc::clone(&mark));
        let roll = write.current().roll.without_dropped(made_at, |_| true);
        let roll = roll.with(entry, |other| other.data < priority);
        let chain: Arc<dyn Unlink> = Arc::<Self>::clone(self);
        let registration = Registration::new(&chain, &self.clock, mark);
        write.publish(Links { roll, made_at });
        // What is freed may panic, and then the registration ends.
        write.leave();
        registration
    }

    /// Takes off the list whoever is chosen, and whoever was dropped, and waits until nobody calls them.
    #[track_caller]
    pub(super) fn take_off(&self, chosen: impl Fn(&SharedMark) -> bool, cx: &mut Sleepable) {
        might_sleep();
        let mut write = self.links.write(cx);
        let (made_at, dropped) = self.clock.collect();
        if dropped || write.current().roll.has_any(|entry| chosen(&entry.mark)) {
            let roll = write.current().roll.without_dropped(made_at, |entry| !chosen(&entry.mark));
            write.publish(Links { roll, made_at });
        }
        let ticket = write.ticket();
        let mut panics = Panics::new();
        panics.catch(|| write.finish());
        // A thread that is in a call would wait for itself, or for one that likewise waits for it.
        if !ends_are_deferred() {
            self.links.wait_whatever_panics(ticket, &mut panics, cx);
        }
        panics.resume();
    }

    pub(super) fn count(&self) -> usize {
        self.links.read().live_at(self.clock.now()).count()
    }
}

impl<C: ?Sized> Core<C> {
    /// Calls one callback after the other.
    #[inline]
    pub(super) fn call<X>(&self, mut call: impl FnMut(&C) -> Answer<X>) -> Outcome<X> {
        let _open = Calling::count();
        let links = self.links.read();
        let live = links.live_at(self.clock.now());
        let mut called = 0;
        let last = live.try_each(&Cell::new(0), |callback| {
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
        let _open = Calling::count();
        let links = self.links.read();
        let live = links.live_at(self.clock.now());
        let mut called = 0;
        let mut undoing = Undo { live, passed: Cell::new(0), due: true, cx, call: undo };
        let last = live.try_each(&undoing.passed, |callback| {
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

/// Undoes, when it is dropped, what those did that were called.
struct Undo<'a, 'cx, C: ?Sized, T, F: Fn(&C, &mut T)> {
    live: Live<'a, C>,
    /// Behind the last that did something.
    passed: Cell<usize>,
    /// Until it is known that all went well.
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
                .for_every(self.cx, |callback, cx| call(callback, cx));
        }
    }
}

impl<C: ?Sized + Send + Sync + 'static> Unlink for Core<C> {
    #[track_caller]
    fn unlink(&self, mark: &SharedMark, cx: &mut Sleepable) {
        self.take_off(|other| Arc::ptr_eq(other, mark), cx);
    }
}

impl<C: ?Sized> fmt::Debug for Core<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let callbacks = self.links.read().live_at(self.clock.now()).count();
        f.debug_struct("Chain").field("callbacks", &callbacks).finish()
    }
}
