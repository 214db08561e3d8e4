//! Time, which stands still until it runs out.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loom::sync::atomic::{AtomicUsize, Ordering};

use super::park::Thread;
use super::queue::Waiter;

loom::lazy_static! {
    static ref CLOCK: Clock = Clock {
        seen: AtomicUsize::new(0),
        has_run_out: AtomicBool::new(false),
        hours: AtomicU32::new(0),
        sleepers: Mutex::new(Vec::new()),
        parked: Mutex::new(Vec::new()),
    };
}

struct Clock {
    /// Lets the checker see who looks at the clock, and who moves it on.
    seen: AtomicUsize,
    has_run_out: AtomicBool,
    /// What the clock shows. It moves on whenever it is read, once the time has run out.
    hours: AtomicU32,
    /// Who is to be woken then. A lock that the checker does not see: it is held between two of its operations only.
    sleepers: Mutex<Vec<Arc<Waiter>>>,
    /// The threads that have parked for a time.
    parked: Mutex<Vec<Thread>>,
}

/// Ends every wait with a time, those that begin later too. Called by a thread of its own, so that the checker tries it
/// between any two steps of the others.
pub fn time_runs_out() {
    see();
    CLOCK.has_run_out.store(true, Relaxed);
    CLOCK.sleepers.lock().unwrap().drain(..).for_each(|waiter| waiter.wake());
    let parked = std::mem::take(&mut *CLOCK.parked.lock().unwrap());
    parked.iter().for_each(Thread::unpark);
}

/// Has a thread unparked when the time runs out.
pub(super) fn unpark_then(thread: Thread) {
    CLOCK.parked.lock().unwrap().push(thread);
}

/// Has a waiter woken when the time runs out.
pub(super) fn wake_then(waiter: Arc<Waiter>) {
    CLOCK.sleepers.lock().unwrap().push(waiter);
}

/// Lets the checker see that the clock will be looked at, and so try its running out before and after.
pub(super) fn see() {
    CLOCK.seen.fetch_add(1, Ordering::Relaxed);
}

/// Says whether the time has run out.
pub(super) fn has_run_out() -> bool {
    CLOCK.has_run_out.load(Relaxed)
}

/// As the standard library's, by the model's clock.
#[derive(Clone, Copy, Debug)]
pub struct Instant(Duration);

impl Instant {
    /// Reads the clock.
    pub fn now() -> Self {
        see();
        if has_run_out() {
            CLOCK.hours.fetch_add(1, Relaxed);
        }
        Self(Duration::from_hours(CLOCK.hours.load(Relaxed).into()))
    }

    /// Returns the time that much later, if the clock can count so far.
    pub fn checked_add(self, time: Duration) -> Option<Self> {
        self.0.checked_add(time).map(Self)
    }

    /// Returns how much later this is than another, or no time.
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}
