//! A monitor: state behind a lock, and threads that wait for the state to change. Barriers, channels, completions,
//! semaphores and `OnceLock` are made of it.
//!
//! Sections use these too, so nobody sleeps while the lock is held. The lock is the standard library's, and not
//! `parking_lot`'s. Where the system has futexes, the standard library's is one word: to lock, to unlock and to wake
//! allocates nothing and waits for nothing that other locks share. `parking_lot` has a table of waiting threads, and holds
//! that table's lock while it allocates a larger one.

use core::time::Duration;

use crate::primitive::{AtomicUsize, Condvar, Instant, Mutex, MutexGuard, Ordering, PoisonError};

/// State that is read and changed in a few instructions, by sections too.
#[derive(Debug)]
pub(super) struct Monitor<S>(Mutex<S>);

/// The threads that wait for one kind of change of a monitor's state.
#[derive(Debug)]
pub(super) struct Waiters {
    changed: Condvar,
    /// How many threads wait. Changed only with the monitor locked. So a thread that has changed the state sees every
    /// waiter that saw the state before the change.
    waiting: AtomicUsize,
}

impl<S> Monitor<S> {
    pub(super) const fn new(state: S) -> Self {
        Self(Mutex::new(state))
    }

    /// Locks the state. Until it is unlocked, the caller must not sleep, allocate, or call a user's code.
    pub(super) fn lock(&self) -> MutexGuard<'_, S> {
        // The state is whole even after a panic: no change of it panics halfway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reaches the state through an exclusive borrow, without locking.
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
    /// When the time has run out, the closure is asked once more. So a wake that came to this thread is not lost.
    pub(super) fn wait_for<R>(
        &self,
        waiters: &Waiters,
        timeout: Duration,
        mut ready: impl FnMut(&mut S) -> Option<R>,
    ) -> Option<R> {
        // A time that ends later than the clock can tell never runs out.
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

    /// Wakes one waiter. To be called after a change of the state.
    pub(super) fn wake_one(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.changed.notify_one();
        }
    }

    /// Wakes every waiter. To be called after a change of the state.
    pub(super) fn wake_all(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.changed.notify_all();
        }
    }
}
