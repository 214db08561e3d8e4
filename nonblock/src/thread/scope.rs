//! Threads that borrow from the function that starts them. The scope waits for them.

use std::thread as native;

use super::{check_not_own, thread_main};
use crate::backend;
use crate::check::with_token::{self, might_sleep, might_sleep_at};
use crate::check::{DropMaySleep, might_sleep_to_spawn};
use crate::lockdep::{self, Returned, ScopeEnd, ThreadEnd};
use crate::token::Sleepable;
use crate::violation::Place;

/// Runs a closure that can start threads, and waits for the threads. They may borrow from the calling function.
///
/// # Context
///
/// May sleep, as it waits for the threads at the end: takes `&mut Sleepable`, and lends it to the closure.
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
    let was_reported = backend::in_section() == Some(true);
    let _call = with_token::lend();
    let place = Place::caller();
    let result = native::scope(|scope| {
        let end = ScopeEnd::at(place);
        let result = f(Scope(scope, end), cx);
        // The wait for the threads comes next. The closure may have left a section open, through `raw`.
        if !was_reported {
            might_sleep_at(place);
        }
        end.wait(place);
        result
    });
    lockdep::scope_ended();
    result
}

/// A scope in which threads are started. [`scope`] makes one.
///
/// # Context
///
/// Starting a thread may sleep.
///
/// # Examples
///
/// See [`scope`].
#[derive(Clone, Copy, Debug)]
pub struct Scope<'scope, 'env>(&'scope native::Scope<'scope, 'env>, ScopeEnd);

impl<'scope, 'env> Scope<'scope, 'env> {
    pub(super) const fn end(self) -> ScopeEnd {
        self.1
    }

    pub(super) fn native(self) -> &'scope native::Scope<'scope, 'env> {
        self.0
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a thread in the scope, and lends its closure the right to sleep.
    ///
    /// # Context
    ///
    /// May sleep, since the kernel makes the thread. It takes no token, as in std, so a call in a section is found at run time
    /// only. The new thread may sleep.
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
        might_sleep_to_spawn();
        let end = ThreadEnd::here_in(self.1);
        ScopedJoinHandle::new(self.0.spawn(thread_main(f, end)), end)
    }
}

/// A thread that [`Scope::spawn`] started. If this is dropped, the end of the scope waits for the thread.
///
/// # Context
///
/// Joining may sleep. So may dropping it, though it does not wait for the thread. If the thread has ended, its result is dropped,
/// and the memory of its stack goes back to the system. If it is dropped in a section, it is reported at the place where the
/// section began.
///
/// # Examples
///
/// See [`scope`].
#[derive(Debug)]
pub struct ScopedJoinHandle<'scope, T> {
    // It is dropped first, so that it reports before anything is released.
    drop_check: DropMaySleep,
    handle: native::ScopedJoinHandle<'scope, Returned<T>>,
    end: ThreadEnd,
}

impl<'scope, T> ScopedJoinHandle<'scope, T> {
    pub(super) fn new(
        handle: native::ScopedJoinHandle<'scope, Returned<T>>,
        end: ThreadEnd,
    ) -> Self {
        Self { drop_check: DropMaySleep, handle, end }
    }

    /// Waits for the thread to end, and returns what its closure returned.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// If the thread panicked: the value that it panicked with.
    ///
    /// # Panics
    ///
    /// If called on the thread itself: it would wait for itself.
    #[track_caller]
    pub fn join(self, cx: &mut Sleepable) -> native::Result<T> {
        let _ = cx;
        might_sleep();
        check_not_own(self.thread());
        self.end.wait();
        let Self { drop_check, handle, .. } = self;
        core::mem::forget(drop_check);
        lockdep::joined(handle.join())
    }

    /// Returns whether the thread has ended. If so, `join` does not wait long.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// Returns the handle of the thread, with its name and identifier.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn thread(&self) -> &native::Thread {
        self.handle.thread()
    }
}
