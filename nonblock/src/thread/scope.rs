//! Threads that borrow from their surroundings, and are waited for.

use std::thread as native;

use super::body;
use crate::backend;
use crate::check::{might_sleep, might_sleep_at};
use crate::token::Sleepable;
use crate::violation::Place;

/// Runs a closure that can start threads which borrow from its surroundings, and waits for them.
///
/// # Context
///
/// May sleep, as it waits for the threads at its end: takes `&mut Sleepable`, and lends it on to the
/// closure.
///
/// # Panics
///
/// If a thread that nobody joined panicked, as [`std::thread::scope`].
///
/// # Examples
///
/// ```
/// use nonblock::{sync::Mutex, thread};
///
/// let total = Mutex::new(0);
/// nonblock::sleepable(|cx| {
///     thread::scope(cx, |scope, _cx| {
///         for part in 1..=3 {
///             let total = &total;
///             scope.spawn(move |cx| *total.lock(cx) += part);
///         }
///     });
/// });
/// assert_eq!(total.into_inner(), 6);
/// ```
#[track_caller]
pub fn scope<'env, F, T>(cx: &mut Sleepable, f: F) -> T
where
    F: for<'scope> FnOnce(Scope<'scope, 'env>, &mut Sleepable) -> T,
{
    let reported = backend::in_section() == Some(true);
    might_sleep();
    let place = Place::caller();
    native::scope(|scope| {
        let result = f(Scope(scope), cx);
        // The wait for the threads follows, and the closure may have left a section open (through `raw`).
        if !reported {
            might_sleep_at(place);
        }
        result
    })
}

/// Where the threads of a [`scope`] are started.
///
/// # Context
///
/// Starting a thread may sleep.
///
/// # Examples
///
/// See [`scope`].
#[derive(Clone, Copy, Debug)]
pub struct Scope<'scope, 'env>(&'scope native::Scope<'scope, 'env>);

impl<'scope, 'env> Scope<'scope, 'env> {
    pub(super) fn native(self) -> &'scope native::Scope<'scope, 'env> {
        self.0
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a thread in the scope, and lends its closure the right to sleep.
    ///
    /// # Context
    ///
    /// May sleep, since the kernel makes the thread, but takes no token, as std's does not: a call in a section is found
    /// at run time only. The new thread may sleep.
    ///
    /// # Panics
    ///
    /// If the system cannot start a thread.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce(&mut Sleepable) -> T + Send + 'scope,
        T: Send + 'scope,
    {
        might_sleep();
        ScopedJoinHandle(self.0.spawn(body(f)))
    }
}

/// A thread that was started by [`Scope::spawn`]. Dropped, it leaves the waiting to the scope's end.
///
/// # Context
///
/// Joining may sleep. Dropping it does not.
///
/// # Examples
///
/// See [`scope`].
#[derive(Debug)]
pub struct ScopedJoinHandle<'scope, T>(native::ScopedJoinHandle<'scope, T>);

impl<'scope, T> ScopedJoinHandle<'scope, T> {
    pub(super) fn of(handle: native::ScopedJoinHandle<'scope, T>) -> Self {
        Self(handle)
    }

    /// Waits for the thread to end and returns what its closure returned.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// If the thread panicked: the value it panicked with.
    #[track_caller]
    pub fn join(self, cx: &mut Sleepable) -> native::Result<T> {
        let _ = cx;
        might_sleep();
        self.0.join()
    }

    /// Says whether the thread has ended, so that `join` would not wait long.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    /// Returns the thread's handle, with its name and identifier.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn thread(&self) -> &native::Thread {
        self.0.thread()
    }
}
