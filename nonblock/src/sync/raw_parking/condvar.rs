//! The raw condition variable.

use core::time::Duration;

use lock_api::{GuardNoSend, RawCondvar, RawCondvarTimed, RawMutex};

use super::RawParkingMutex;
use crate::check::might_sleep;
use crate::event_count::{EventCount, InLine, Waiter};
use crate::primitive::{AtomicUsize, Instant, Ordering, fence};

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
///
/// It wakes nobody but those that a notification is meant for, so a wait ends with a notification, or when its time has run out.
#[derive(Debug)]
pub struct RawParkingCondvar {
    notifications: EventCount,
    waits: Waits,
    /// The address of the mutex of those that wait, if any do.
    mutex: AtomicUsize,
}

/// Who waits, and for how many of them there is a notification that none has come back with yet.
///
/// Who notifies counts the notification here first, if it finds somebody without one, and then wakes somebody. Who is woken takes a
/// notification, or waits again. So it is known at once how many were notified, although another thread may do the waking, and
/// although a waiter may be about to leave since its time has run out. Where all have one, such a waiter takes one too.
#[derive(Debug)]
struct Waits(AtomicUsize);

/// One that waits.
const WAITER: usize = 1;

/// One notification.
const NOTIFICATION: usize = 1 << (usize::BITS / 2);

const fn waiters(waits: usize) -> usize {
    waits % NOTIFICATION
}

const fn notifications(waits: usize) -> usize {
    waits / NOTIFICATION
}

const fn without_notification(waits: usize) -> usize {
    waiters(waits) - notifications(waits)
}

impl Waits {
    const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    fn begin(&self) {
        self.0.fetch_add(WAITER, Ordering::Relaxed);
    }

    /// Gives a notification to one, or to all, of those that have none. Returns how many these are. If there are any, it ends with a
    /// `SeqCst` read-modify-write.
    fn notify(&self, most: usize) -> usize {
        let more = |waits| {
            let more = most.min(without_notification(waits));
            (more > 0).then_some(waits + more * NOTIFICATION)
        };
        let before = self.0.try_update(Ordering::SeqCst, Ordering::Relaxed, more);
        before.map_or(0, |waits| most.min(without_notification(waits)))
    }

    /// Ends the wait of one that is awake, if there is a notification.
    fn end_notified(&self) -> bool {
        let less = |waits| (notifications(waits) > 0).then(|| waits - WAITER - NOTIFICATION);
        self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    /// Ends the wait of one whose time has run out. Returns whether it takes a notification, and whether others have some.
    fn end_late(&self) -> (bool, bool) {
        let takes = |waits| without_notification(waits) == 0;
        let end = |waits| Some(waits - WAITER - if takes(waits) { NOTIFICATION } else { 0 });
        let before = self.0.try_update(Ordering::SeqCst, Ordering::Relaxed, end);
        let before = before.unwrap_or_else(|waits| waits);
        (takes(before), notifications(before) > 0)
    }

    /// Whether somebody waits who was not notified.
    fn any_without_notification(&self) -> bool {
        without_notification(self.0.load(Ordering::Relaxed)) > 0
    }
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
        let in_line = InLine::join(&self.notifications, &waiter);
        // It can be notified from now on, so before whoever takes the mutex next has changed what it guards. Not before it is in
        // line: who notifies it would find nobody to wake.
        self.waits.begin();
        // SAFETY: the caller's promise.
        unsafe { mutex.unlock(GuardNoSend::new()) };
        let was_notified = self.wait_for_notification(in_line, deadline);
        // Nothing panics from the unlock up to here: the caller's guard would be dropped, and unlock what others have.
        *guard = mutex.lock_unchecked();
        was_notified
    }

    /// Waits for a notification, and leaves the line. Returns whether one came.
    fn wait_for_notification(&self, in_line: InLine<'_>, deadline: Option<Instant>) -> bool {
        while in_line.wait(deadline) {
            if self.waits.end_notified() {
                return true;
            }
            // Another one that was awake has taken it. A notification that comes before this waits again wakes nobody.
            in_line.wait_again();
            fence(Ordering::SeqCst);
            if self.waits.end_notified() {
                return true;
            }
        }
        if in_line.leave() && self.waits.end_notified() {
            return true;
        }
        let (takes, others_have) = self.waits.end_late();
        if others_have && !takes {
            // Whoever was to be woken may have been this one.
            self.notifications.notify_one_after_rmw();
        }
        takes
    }

    /// Notes which mutex those have that wait. Panics if some wait with another, and were not notified yet, as `parking_lot` does.
    fn claim_for(&self, mutex: &RawParkingMutex) {
        let address = core::ptr::from_ref(mutex).addr();
        if self.mutex.load(Ordering::Relaxed) != address {
            assert!(
                !self.waits.any_without_notification(),
                "a condition variable is waited for with two mutexes at once: use one for each"
            );
            self.mutex.store(address, Ordering::Relaxed);
        }
    }
}

// SAFETY: the mutex is unlocked before the wait, and locked after it. Nothing panics in between.
unsafe impl RawCondvar for RawParkingCondvar {
    const INIT: Self =
        Self { notifications: EventCount::new(), waits: Waits::new(), mutex: AtomicUsize::new(0) };

    type RawMutex = RawParkingMutex;

    unsafe fn wait(&self, mutex: &RawParkingMutex, guard: &mut GuardNoSend) {
        // SAFETY: the caller's promise.
        unsafe { self.wait_with(mutex, guard, None) };
    }

    fn notify_one(&self) -> bool {
        let was_notified = self.waits.notify(1) > 0;
        if was_notified {
            self.notifications.notify_one_after_rmw();
        }
        was_notified
    }

    fn notify_all(&self) -> usize {
        let notified = self.waits.notify(usize::MAX);
        if notified > 0 {
            self.notifications.notify_all();
        }
        notified
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
