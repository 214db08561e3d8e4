//! The condition variable: a wait that lets go of a mutex meanwhile.

use core::fmt;
use core::time::Duration;

use lock_api::{RawCondvar, RawCondvarTimed, RawMutexTimed, WaitTimeoutResult};

use super::guard::Guard;
use super::kind::Sleeping;
use crate::check::might_sleep;
use crate::token::Sleepable;

/// A queue of threads that wait for the value of a mutex to change.
///
/// It is made over any [`RawCondvar`](https://docs.rs/lock_api/0.5/lock_api/trait.RawCondvar.html) of the `lock_api` crate's.
/// Used by its alias [`Condvar`](crate::sync::Condvar). It waits with the guard of a sleeping lock only: who waits
/// sleeps, and the holder of a spin lock cannot.
///
/// # Context
///
/// Waiting may sleep: it takes `&mut Sleepable`, then the guard, then what else there is. Notifying does not sleep, and
/// takes no token.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sync")] {
/// use nonblock::sync::{Condvar, Mutex};
/// use nonblock::thread;
///
/// static FRAMES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
/// static ARRIVED: Condvar = Condvar::new();
///
/// let card = thread::spawn(|cx| {
///     FRAMES.lock(cx).push(7);
///     ARRIVED.notify_one();
/// });
/// nonblock::sleepable(|cx| {
///     let mut frames = FRAMES.lock(cx);
///     while frames.is_empty() {
///         ARRIVED.wait(cx, &mut frames);
///     }
///     assert_eq!(frames.pop(), Some(7));
///     drop(frames);
///     card.join(cx).unwrap();
/// });
/// # }
/// ```
pub struct ConditionVariable<C> {
    inner: lock_api::Condvar<C>,
}

impl<C: RawCondvar> ConditionVariable<C> {
    /// Makes one that nobody waits on.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    pub const fn new() -> Self {
        Self { inner: lock_api::Condvar::new() }
    }

    /// Wakes one waiter, and says whether there was one.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token; a section may notify.
    pub fn notify_one(&self) -> bool {
        self.inner.notify_one()
    }

    /// Wakes every waiter, and returns how many there were.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token; a section may notify.
    pub fn notify_all(&self) -> usize {
        self.inner.notify_all()
    }
}

impl<C: RawCondvar> ConditionVariable<C> {
    /// Lets go of the mutex, waits for a notification, and takes the mutex again.
    ///
    /// Whether it can also return without one is up to the raw condition variable; `parking_lot`'s does not.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// If others wait on it with another mutex. If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::{sync::{Condvar, Mutex}, thread};
    ///
    /// let (ready, changed) = (Mutex::new(false), Condvar::new());
    /// nonblock::sleepable(|cx| {
    ///     thread::scope(cx, |scope, cx| {
    ///         scope.spawn(|cx| {
    ///             *ready.lock(cx) = true;
    ///             changed.notify_one();
    ///         });
    ///         let mut ready = ready.lock(cx);
    ///         while !*ready {
    ///             changed.wait(cx, &mut ready);
    ///         }
    ///     });
    /// });
    /// ```
    #[track_caller]
    pub fn wait<T: ?Sized>(
        &self,
        cx: &mut Sleepable,
        guard: &mut Guard<'_, Sleeping, T, C::RawMutex>,
    ) {
        let _ = cx;
        might_sleep();
        self.inner.wait(&mut guard.inner);
    }

    /// Waits for as long as the condition holds. It is asked with the mutex held, before the first wait too.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_while<T: ?Sized>(
        &self,
        cx: &mut Sleepable,
        guard: &mut Guard<'_, Sleeping, T, C::RawMutex>,
        condition: impl FnMut(&mut T) -> bool,
    ) {
        let _ = cx;
        might_sleep();
        self.inner.wait_while(&mut guard.inner, condition);
    }
}

impl<C> ConditionVariable<C>
where
    C: RawCondvarTimed<RawMutex: RawMutexTimed<Duration = Duration>>,
{
    /// As [`wait`](Self::wait), but not longer than a time.
    ///
    /// The result says whether the time ran out with no notification. Taking the mutex again may last longer than
    /// that.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::sync::{Condvar, Mutex};
    /// use std::time::Duration;
    ///
    /// let (value, changed) = (Mutex::new(0), Condvar::new());
    /// nonblock::sleepable(|cx| {
    ///     let mut value = value.lock(cx);
    ///     let result = changed.wait_for(cx, &mut value, Duration::from_millis(1));
    ///     assert!(result.timed_out());
    /// });
    /// ```
    #[track_caller]
    pub fn wait_for<T: ?Sized>(
        &self,
        cx: &mut Sleepable,
        guard: &mut Guard<'_, Sleeping, T, C::RawMutex>,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        let _ = cx;
        might_sleep();
        self.inner.wait_for(&mut guard.inner, timeout)
    }

    /// As [`wait_while`](Self::wait_while), but not longer than a time in all.
    ///
    /// The result says whether the condition still held when the time ran out.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_while_for<T: ?Sized>(
        &self,
        cx: &mut Sleepable,
        guard: &mut Guard<'_, Sleeping, T, C::RawMutex>,
        condition: impl FnMut(&mut T) -> bool,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        let _ = cx;
        might_sleep();
        self.inner.wait_while_for(&mut guard.inner, condition, timeout)
    }
}

impl<C: RawCondvar> Default for ConditionVariable<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> fmt::Debug for ConditionVariable<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
