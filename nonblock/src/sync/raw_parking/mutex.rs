//! The raw lock of a mutex.

use core::time::Duration;

use lock_api::{GuardNoSend, RawMutex, RawMutexFair, RawMutexTimed};

use super::Patience;
use crate::check::might_sleep;
use crate::event_count::{EventCount, Look};
use crate::primitive::{AtomicUsize, Instant, Ordering};

/// The raw lock beneath a [`Mutex`](crate::sync::Mutex), unless its type names another.
///
/// # Context
///
/// Waiting for it may sleep, and is reported in a section. Trying, and releasing, does not sleep, and allocates and releases no
/// memory: to release it is one atomic operation, and a wake if somebody waits. (Where another thread asks for a wake just then, it
/// makes that one too.)
///
/// # Examples
///
/// ```
/// use nonblock::sync::{Mutex, RawParkingMutex};
///
/// static PAGES: Mutex<u64, RawParkingMutex> = Mutex::new(0);
/// nonblock::sleepable(|cx| *PAGES.lock(cx) += 1);
/// ```
#[derive(Debug)]
pub struct RawParkingMutex {
    state: AtomicUsize,
    /// Threads that wait for the lock.
    releases: EventCount,
}

const FREE: usize = 0;

/// Somebody has the lock.
const LOCKED: usize = 1;

/// A thread in line is overdue: whoever comes gets in line too.
const OVERDUE: usize = 2;

impl RawParkingMutex {
    /// Takes the lock if it is free, also where others wait.
    #[inline]
    fn try_take(&self) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        while state & LOCKED == 0 {
            match self.state.compare_exchange_weak(
                state,
                state | LOCKED,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Takes the lock if it is free and nobody is overdue.
    #[inline]
    fn try_take_at_once(&self) -> bool {
        self.state.compare_exchange(FREE, LOCKED, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Takes the lock as [`lock`](RawMutex::lock) does, for a caller that has checked whether it may sleep. It never panics.
    pub(super) fn lock_unchecked(&self) -> GuardNoSend {
        if !self.try_take_at_once() {
            self.wait_unchecked(None);
        }
        GuardNoSend::new()
    }

    #[cold]
    fn wait(&self, timeout: Option<Duration>) -> bool {
        might_sleep();
        self.wait_unchecked(timeout)
    }

    fn wait_unchecked(&self, timeout: Option<Duration>) -> bool {
        let mut patience = Patience::default();
        let look = || {
            loop {
                let state = self.state.load(Ordering::Relaxed);
                if state & LOCKED != 0 {
                    patience.look_in_vain(&self.state, state, OVERDUE);
                    if self.is_locked() {
                        return Look::Nothing;
                    }
                } else if self
                    .state
                    .compare_exchange(state, LOCKED, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
                {
                    return Look::Found(());
                }
            }
        };
        match timeout {
            None => {
                self.releases.wait(|| !self.is_locked(), look);
                true
            }
            Some(timeout) => self.releases.wait_for(timeout, || !self.is_locked(), look).is_some(),
        }
    }
}

// SAFETY: whoever sets the bit has the lock until it clears it.
unsafe impl RawMutex for RawParkingMutex {
    const INIT: Self = Self { state: AtomicUsize::new(FREE), releases: EventCount::new() };

    type Guard = GuardNoSend;

    #[inline]
    fn lock(&self) -> GuardNoSend {
        if !self.try_take_at_once() {
            self.wait(None);
        }
        GuardNoSend::new()
    }

    #[inline]
    fn try_lock(&self) -> Option<GuardNoSend> {
        self.try_take().then(GuardNoSend::new)
    }

    #[inline]
    unsafe fn unlock(&self, _guard: GuardNoSend) {
        self.state.fetch_and(!LOCKED, Ordering::SeqCst);
        self.releases.notify_one_after_rmw();
    }

    #[inline]
    fn is_locked(&self) -> bool {
        self.state.load(Ordering::Relaxed) & LOCKED != 0
    }
}

// SAFETY: as above.
unsafe impl RawMutexFair for RawParkingMutex {
    unsafe fn unlock_fair(&self, _guard: GuardNoSend) {
        // With somebody in line, that one is to have it: whoever comes gets behind.
        let then = if self.releases.has_line() { OVERDUE } else { FREE };
        self.state.swap(then, Ordering::SeqCst);
        self.releases.notify_one_after_rmw();
    }
}

// SAFETY: as above.
unsafe impl RawMutexTimed for RawParkingMutex {
    type Duration = Duration;
    type Instant = Instant;

    #[inline]
    fn try_lock_for(&self, timeout: Duration) -> Option<GuardNoSend> {
        (self.try_take_at_once() || self.wait(Some(timeout))).then(GuardNoSend::new)
    }

    #[inline]
    fn try_lock_until(&self, deadline: Instant) -> Option<GuardNoSend> {
        self.try_lock_for(deadline.saturating_duration_since(Instant::now()))
    }
}
