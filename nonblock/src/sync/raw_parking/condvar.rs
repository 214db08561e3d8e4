//! The raw condition variable.

use core::time::Duration;

use lock_api::{GuardNoSend, RawCondvar, RawCondvarTimed, RawMutex};

use super::RawParkingMutex;
use crate::check::might_sleep;
use crate::event_count::{EventCount, InLine, Waiter};
use crate::primitive::{AtomicUsize, Instant, Ordering};

/// The raw condition variable beneath a [`Condvar`](crate::sync::Condvar), unless its type names another.
///
/// # Context
///
/// Waiting for it may sleep, and is reported in a section. Notifying does not sleep, and allocates and releases no memory.
///
/// # Examples
///
/// ```
/// use nonblock::sync::{Condvar, RawParkingCondvar};
///
/// static CHANGED: Condvar<RawParkingCondvar> = Condvar::new();
/// assert!(!CHANGED.notify_one()); // nobody waits
/// ```
#[derive(Debug)]
pub struct RawParkingCondvar {
    notifications: EventCount,
    /// The address of the mutex of those that wait, if any do.
    mutex: AtomicUsize,
}

impl RawParkingCondvar {
    /// Waits for a notification with the mutex released. Returns whether one came.
    ///
    /// # Panics
    ///
    /// If others wait with another mutex. The mutex is locked still.
    ///
    /// # Safety
    ///
    /// The mutex is locked by this thread.
    unsafe fn wait_with(
        &self,
        mutex: &RawParkingMutex,
        guard: &mut GuardNoSend,
        deadline: Option<Instant>,
    ) -> bool {
        might_sleep();
        self.claim_for(mutex);
        let waiter = Waiter::new();
        // It can be notified from now on, so before whoever takes the mutex next has changed what it guards.
        let in_line = InLine::join(&self.notifications, &waiter);
        // SAFETY: the caller's promise.
        unsafe { mutex.unlock(GuardNoSend::new()) };
        in_line.wait(deadline);
        let was_notified = in_line.leave();
        // Nothing panics from the unlock up to here: the caller's guard would be dropped, and unlock what others have.
        *guard = mutex.lock_unchecked();
        was_notified
    }

    /// Notes which mutex those have that wait. Panics if some wait with another, and were not notified yet, as `parking_lot` does.
    fn claim_for(&self, mutex: &RawParkingMutex) {
        let address = core::ptr::from_ref(mutex).addr();
        if self.mutex.load(Ordering::Relaxed) != address {
            assert!(
                self.notifications.waiting() == 0,
                "a condition variable is waited for with two mutexes at once: use one for each"
            );
            self.mutex.store(address, Ordering::Relaxed);
        }
    }
}

// SAFETY: the mutex is unlocked before the wait, and locked after it. Nothing panics in between.
unsafe impl RawCondvar for RawParkingCondvar {
    const INIT: Self = Self { notifications: EventCount::new(), mutex: AtomicUsize::new(0) };

    type RawMutex = RawParkingMutex;

    unsafe fn wait(&self, mutex: &RawParkingMutex, guard: &mut GuardNoSend) {
        // SAFETY: the caller's promise.
        unsafe { self.wait_with(mutex, guard, None) };
    }

    // Where nobody waits, a load is all. Whoever waits got in line before it released the mutex, so whoever has held the mutex
    // since finds it there; and a notification by one who has not may come before the wait anyway.
    #[inline]
    fn notify_one(&self) -> bool {
        let waits = self.notifications.waiting() > 0;
        if waits {
            self.notifications.notify_one();
        }
        waits
    }

    #[inline]
    fn notify_all(&self) -> usize {
        let waiting = self.notifications.waiting();
        if waiting > 0 {
            self.notifications.notify_all();
        }
        waiting
    }
}

// SAFETY: as above.
unsafe impl RawCondvarTimed for RawParkingCondvar {
    fn checked_duration_to_instant(timeout: &Duration) -> Option<Instant> {
        Instant::now().checked_add(*timeout)
    }

    unsafe fn wait_until(
        &self,
        mutex: &RawParkingMutex,
        guard: &mut GuardNoSend,
        deadline: &Instant,
    ) -> bool {
        // SAFETY: the caller's promise.
        !unsafe { self.wait_with(mutex, guard, Some(*deadline)) }
    }
}
