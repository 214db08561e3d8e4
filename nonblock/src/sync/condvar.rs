//! The condition variable: a wait that releases a mutex meanwhile.

use core::fmt;
use core::time::Duration;

use lock_api::{RawCondvar, RawCondvarTimed, RawMutexTimed, WaitTimeoutResult};

use super::mutex::MutexGuard;
use crate::check::with_token;
use crate::lockdep::{Class, Kind};
use crate::token::Sleepable;
use crate::violation::Place;

/// A queue of threads that wait for the value of a [`Mutex`](super::Mutex) to change.
///
/// It waits with the guard of a mutex only: whoever waits sleeps, and the holder of a spin lock cannot.
///
/// # The raw condition variable
///
/// `R` is any [`RawCondvar`] of the crate `lock_api`; its raw lock is the mutex's. [`new`](Self::new) takes [`RawParkingCondvar`](super::RawParkingCondvar).
/// With any other, name it in the type and make the condition variable by [`with_raw`](Self::with_raw). Without feature
/// `sync` there is no default.
///
/// [`RawCondvar`]: https://docs.rs/lock_api/0.5/lock_api/trait.RawCondvar.html
///
/// # Context
///
/// Waiting may sleep: it takes `&mut Sleepable`, then the guard, then the other arguments. Notifying does not sleep, and
/// takes no token.
///
/// # Examples
///
/// ```
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
/// ```
pub struct Condvar<
    #[cfg(feature = "sync")] R = super::raw_parking::RawParkingCondvar,
    #[cfg(not(feature = "sync"))] R,
> {
    class: Class,
    inner: lock_api::Condvar<R>,
}

#[cfg(feature = "sync")]
impl Condvar {
    /// Makes a condition variable that nobody waits on.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub const fn new() -> Self {
        Self::with_raw()
    }
}

impl<R: RawCondvar> Condvar<R> {
    /// Makes one that nobody waits on, over any raw one: the type `R` says which.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub const fn with_raw() -> Self {
        Self { class: Class::of(Kind::Condvar), inner: lock_api::Condvar::new() }
    }

    /// Gives the class of this condition variable a name: those of one name are of one class, wherever they are made. See
    /// [`lockdep`](crate::lockdep).
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[must_use = "it returns the condition variable"]
    pub const fn in_class(mut self, name: &'static str) -> Self {
        self.class.set_name(name);
        self
    }

    /// Wakes one waiter, and says whether there was one.
    ///
    /// It may say so of one that another notification wakes already, or whose time has just run out. So do not hand over by the answer
    /// what nobody else would have: change the value that the mutex guards, and let the waiter look at it.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token; a section may notify.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn notify_one(&self) -> bool {
        let notified = self.inner.notify_one();
        self.class.complete();
        notified
    }

    /// Wakes every waiter, and returns how many there were, as [`notify_one`](Self::notify_one) says whether there was one.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token; a section may notify.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn notify_all(&self) -> usize {
        let notified = self.inner.notify_all();
        self.class.complete();
        notified
    }

    /// Releases the mutex, waits for a notification, and takes the mutex again.
    ///
    /// Whether this can also return without a notification depends on the raw condition variable. With the default one
    /// it cannot.
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
    pub fn wait<T: ?Sized>(&self, cx: &mut Sleepable, guard: &mut MutexGuard<'_, T, R::RawMutex>) {
        let _ = cx;
        let _call = with_token::lend();
        self.before_wait(guard, Place::caller());
        self.inner.wait(&mut guard.inner);
    }

    /// Waits for as long as the condition holds. The condition is asked with the mutex held, also before the first wait.
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
        guard: &mut MutexGuard<'_, T, R::RawMutex>,
        condition: impl FnMut(&mut T) -> bool,
    ) {
        let _ = cx;
        let _call = with_token::lend();
        self.before_wait(guard, Place::caller());
        self.inner.wait_while(&mut guard.inner, condition);
    }
}

impl<R: RawCondvar> Condvar<R> {
    /// The thread is about to wait for a notification, without the lock, and then for the lock again.
    #[inline]
    #[track_caller]
    fn before_wait<T: ?Sized>(&self, guard: &MutexGuard<'_, T, R::RawMutex>, place: Place) {
        guard.taken.let_go_while(place, || self.class.wait_at(place));
    }
}

impl<R> Condvar<R>
where
    R: RawCondvarTimed<RawMutex: RawMutexTimed<Duration = Duration>>,
{
    /// As [`wait`](Self::wait), but no longer than a time.
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
    #[must_use = "if the time ran out, what was waited for may not have happened: look at the value before you go on"]
    #[track_caller]
    pub fn wait_for<T: ?Sized>(
        &self,
        cx: &mut Sleepable,
        guard: &mut MutexGuard<'_, T, R::RawMutex>,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        let _ = cx;
        let _call = with_token::lend();
        self.inner.wait_for(&mut guard.inner, timeout)
    }

    /// As [`wait_while`](Self::wait_while), but no longer than a time in all.
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
    #[must_use = "if the time ran out, what was waited for may not have happened: look at the value before you go on"]
    #[track_caller]
    pub fn wait_while_for<T: ?Sized>(
        &self,
        cx: &mut Sleepable,
        guard: &mut MutexGuard<'_, T, R::RawMutex>,
        condition: impl FnMut(&mut T) -> bool,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        let _ = cx;
        let _call = with_token::lend();
        self.inner.wait_while_for(&mut guard.inner, condition, timeout)
    }
}

// For the default alone, as `new`: `Condvar::default()` would not say which raw condition variable is meant.
#[cfg(feature = "sync")]
impl Default for Condvar {
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl<R> fmt::Debug for Condvar<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
