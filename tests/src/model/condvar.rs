//! A condition variable whose timed waits can run out. Those of the model checker's own never do.

use std::sync::LockResult;
use std::time::Duration;

use super::mutex::MutexGuard;
use super::queue::Queue;

/// As the standard library's.
#[derive(Debug)]
pub struct Condvar(Queue);

/// Whether the time ran out before a notification came.
#[derive(Clone, Copy, Debug)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Says so.
    pub fn timed_out(self) -> bool {
        self.0
    }
}

impl Condvar {
    /// Makes one that nobody waits on.
    pub const fn new() -> Self {
        Self(Queue::new())
    }

    /// Lets go of the mutex, waits to be notified, and takes the mutex again.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        Ok(self.sleep(guard, false).0)
    }

    /// As [`wait`](Self::wait), but not longer than until the time runs out.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        _time: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let (guard, timed_out) = self.sleep(guard, true);
        Ok((guard, WaitTimeoutResult(timed_out)))
    }

    fn sleep<'a, T>(&self, mut guard: MutexGuard<'a, T>, timed: bool) -> (MutexGuard<'a, T>, bool) {
        let waiter = self.0.enter(timed);
        guard.held = None;
        let timed_out = self.0.wait(&waiter, timed);
        guard.held = Some(guard.mutex.held());
        (guard, timed_out)
    }

    /// Wakes the one that has waited longest.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all that wait.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

impl Default for Condvar {
    fn default() -> Self {
        Self::new()
    }
}
