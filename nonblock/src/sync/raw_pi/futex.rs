//! The calls of the kernel: to wait for the lock, and to hand it on.

use core::time::Duration;

use rustix::io::{Errno, Result};
use rustix::thread::futex::{Flags, lock_pi, lock_pi2, unlock_pi};
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::primitive::AtomicU32;

/// A moment of the monotonic clock.
#[derive(Clone, Copy)]
pub(super) struct Deadline(Timespec);

impl Deadline {
    /// The moment at which a time will have passed. `None` if the clock does not go as far.
    pub(super) fn after(timeout: Duration) -> Option<Self> {
        let timeout = Timespec::try_from(timeout).ok()?;
        clock_gettime(ClockId::Monotonic).checked_add(timeout).map(Self)
    }

    /// What is left until then. `None` if the moment has come.
    pub(super) fn left(self) -> Option<Duration> {
        let left = self.0.checked_sub(clock_gettime(ClockId::Monotonic))?;
        Duration::try_from(left).ok().filter(|left| !left.is_zero())
    }
}

/// Waits for the lock and takes it. Fails with `TIMEDOUT` when the deadline has come.
pub(super) fn lock(word: &AtomicU32, deadline: Option<Deadline>) -> Result<()> {
    let Some(deadline) = deadline else {
        return lock_pi(word, Flags::PRIVATE, None);
    };
    // Without a flag for the clock it is the monotonic one.
    match lock_pi2(word, Flags::PRIVATE, Some(&deadline.0)) {
        Err(Errno::NOSYS) => lock_before_5_14(word, deadline),
        result => result,
    }
}

/// The same on Linux before 5.14, where only the clock that people set has deadlines for this lock.
#[cold]
fn lock_before_5_14(word: &AtomicU32, deadline: Deadline) -> Result<()> {
    loop {
        let left = deadline.left().unwrap_or_default();
        let left = Timespec::try_from(left).ok();
        let moment = left.and_then(|left| clock_gettime(ClockId::Realtime).checked_add(left));
        match lock_pi(word, Flags::PRIVATE, moment.as_ref()) {
            // Somebody has put that clock forward.
            Err(Errno::TIMEDOUT) if deadline.left().is_some() => {}
            result => return result,
        }
    }
}

/// Hands the lock, which this thread holds, to the first waiter, or releases it if there is none.
pub(super) fn unlock(word: &AtomicU32) -> Result<()> {
    unlock_pi(word, Flags::PRIVATE)
}
