//! What the waiting objects of this module are made of: state behind a lock that nobody sleeps with, and threads that
//! wait for it to change.
//!
//! The standard library's locks, and not `parking_lot`'s, since these objects are used in sections. Where there are
//! futexes, theirs are a word each: to lock, to unlock and to wake allocates nothing, and waits for no table that
//! threads share. `parking_lot` has one, which it locks while it allocates a larger one.

use core::time::Duration;

use crate::primitive::{AtomicUsize, Condvar, Instant, Mutex, MutexGuard, Ordering, PoisonError};

/// State that is looked at and changed in a few instructions, by sections too.
#[derive(Debug)]
pub(super) struct Monitor<S>(Mutex<S>);

/// The threads that wait for one kind of change of a monitor's state.
#[derive(Debug)]
pub(super) struct Waiters {
    changed: Condvar,
    /// How many wait. Raised and lowered with the monitor locked, so that whoever changed the state sees all those
    /// that saw it unchanged.
    waiting: AtomicUsize,
}

impl<S> Monitor<S> {
    pub(super) const fn new(state: S) -> Self {
        Self(Mutex::new(state))
    }

    /// Locks the state. What happens until it is unlocked must neither sleep nor allocate, nor call code of users'.
    pub(super) fn lock(&self) -> MutexGuard<'_, S> {
        // Nothing that is done with it locked leaves it in disorder by a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the state out, nobody else having it.
    pub(super) fn get_mut(&mut self) -> &mut S {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the closure returns something.
    pub(super) fn wait<R>(
        &self,
        waiters: &Waiters,
        mut ready: impl FnMut(&mut S) -> Option<R>,
    ) -> R {
        let mut state = self.lock();
        loop {
            if let Some(result) = ready(&mut state) {
                return result;
            }
            waiters.waiting.fetch_add(1, Ordering::Relaxed);
            state = waiters.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            waiters.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Waits until the closure returns something, but not longer than a time.
    ///
    /// The closure is asked once more when the time has run out, so a wake that came to this thread is not lost.
    pub(super) fn wait_for<R>(
        &self,
        waiters: &Waiters,
        timeout: Duration,
        mut ready: impl FnMut(&mut S) -> Option<R>,
    ) -> Option<R> {
        // A time that ends beyond what the clock can tell never runs out.
        let Some(deadline) = Instant::now().checked_add(timeout) else {
            return Some(self.wait(waiters, ready));
        };
        let mut state = self.lock();
        loop {
            if let Some(result) = ready(&mut state) {
                return Some(result);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            waiters.waiting.fetch_add(1, Ordering::Relaxed);
            state =
                waiters.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            waiters.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Waiters {
    pub(super) const fn new() -> Self {
        Self { changed: Condvar::new(), waiting: AtomicUsize::new(0) }
    }

    /// Wakes one of those that wait, after a change of the state.
    pub(super) fn wake_one(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.changed.notify_one();
        }
    }

    /// Wakes all that wait, after a change of the state.
    pub(super) fn wake_all(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.changed.notify_all();
        }
    }
}
