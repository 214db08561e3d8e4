//! Threads. Their closures are lent a token, and functions that wait take one.
//!
//! It is like [`std::thread`], with two differences. The closure of a new thread is lent a [`Sleepable`]. And each function that
//! waits, or gives the processor away, takes one: [`sleep`], [`park`], [`yield_now`], [`scope`], [`join`](JoinHandle::join).
//! So does [`available_parallelism`], which reads files.
//!
//! # Examples
//!
//! ```
//! use nonblock::thread;
//! use std::time::Duration;
//!
//! nonblock::sleepable(|cx| {
//!     let worker = thread::spawn(|cx| thread::sleep(cx, Duration::from_millis(1)));
//!     worker.join(cx).unwrap();
//!
//!     let pages = [1, 2, 3];
//!     let sum = thread::scope(cx, |scope, cx| {
//!         let sum = scope.spawn(|_cx| pages.iter().sum::<u32>()); // borrows
//!         sum.join(cx).unwrap()
//!     });
//!     assert_eq!(sum, 6);
//! });
//! ```

mod backoff;
mod builder;
mod scope;

use core::num::NonZero;
use std::io;
use std::thread as native;
use std::time::Duration;

use crate::backend::test_recorder::InheritedRecorders;
use crate::check::with_token::might_sleep;
use crate::check::{DropMaySleep, check_environment, might_sleep_to_spawn};
use crate::lockdep::{self, Returned, ThreadCode, ThreadEnd};
use crate::token::{Sleepable, lend_sleepable};
#[cfg(all(feature = "watch", target_os = "linux"))]
use crate::watch::ReportsWaiting;

pub use self::backoff::Backoff;
pub use self::builder::Builder;
pub use self::scope::{Scope, ScopedJoinHandle, scope};
pub use std::thread::{Thread, ThreadId, current, panicking};

/// Puts the thread to sleep for at least `duration`.
///
/// # Context
///
/// May sleep: takes `&mut Sleepable`.
///
/// # Panics
///
/// If a section is open all the same (through a root inside it), reports
/// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// nonblock::sleepable(|cx| nonblock::thread::sleep(cx, Duration::from_millis(1)));
/// ```
///
/// ```compile_fail,E0308
/// # use std::time::Duration;
/// nonblock::non_block(|nb| nonblock::thread::sleep(nb, Duration::from_millis(1)));
/// ```
#[track_caller]
pub fn sleep(cx: &mut Sleepable, duration: Duration) {
    let _ = cx;
    might_sleep();
    native::sleep(duration);
}

/// Puts the thread to sleep until another thread unparks it. It may also wake up by itself.
///
/// [`Thread::unpark`] does not sleep, so a section may wake a thread. An `unpark` that comes while the thread waits for something else
/// of this crate, such as a lock or a channel, ends its next `park`, as if that wait had not been.
///
/// # Context
///
/// May sleep: takes `&mut Sleepable`.
///
/// # Panics
///
/// As [`sleep`].
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use nonblock::thread;
///
/// static FIRED: AtomicBool = AtomicBool::new(false);
///
/// let timer = thread::spawn(|cx| {
///     while !FIRED.load(Ordering::Acquire) {
///         thread::park(cx);
///     }
/// });
/// nonblock::sleepable(|cx| {
///     cx.non_block(|_nb| {
///         FIRED.store(true, Ordering::Release);
///         timer.thread().unpark();
///     });
///     timer.join(cx).unwrap();
/// });
/// ```
#[track_caller]
pub fn park(cx: &mut Sleepable) {
    let _ = cx;
    might_sleep();
    native::park();
}

/// As [`park`], but for `timeout` at most.
///
/// # Context
///
/// May sleep: takes `&mut Sleepable`.
///
/// # Panics
///
/// As [`sleep`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// // Nobody unparks the thread. It goes on when the time has run out.
/// nonblock::sleepable(|cx| nonblock::thread::park_timeout(cx, Duration::from_millis(1)));
/// ```
#[track_caller]
pub fn park_timeout(cx: &mut Sleepable, timeout: Duration) {
    let _ = cx;
    might_sleep();
    native::park_timeout(timeout);
}

/// Lets other threads have the processor.
///
/// A section must keep its processor, since other threads may wait for the section to end. Mirrors Linux's `cond_resched()`
/// (`kernel/sched/core.c`, 6.12), which counts as a sleep too.
///
/// # Context
///
/// May sleep: takes `&mut Sleepable`.
///
/// # Panics
///
/// As [`sleep`].
///
/// # Examples
///
/// ```
/// nonblock::sleepable(|cx| {
///     for _page in 0..3 {
///         // ... a piece of long work ...
///         nonblock::thread::yield_now(cx);
///     }
/// });
/// ```
#[track_caller]
pub fn yield_now(cx: &mut Sleepable) {
    let _ = cx;
    might_sleep();
    native::yield_now();
}

/// Returns how many threads the system would run at once. It is [`std::thread::available_parallelism`].
///
/// # Context
///
/// May sleep: takes `&mut Sleepable`. On Linux it reads files about the control group of the process.
///
/// # Errors
///
/// If the system does not say.
///
/// # Panics
///
/// As [`sleep`].
///
/// # Examples
///
/// ```
/// let threads = nonblock::sleepable(|cx| nonblock::thread::available_parallelism(cx))?;
/// assert!(threads.get() >= 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn available_parallelism(cx: &mut Sleepable) -> io::Result<NonZero<usize>> {
    let _ = cx;
    might_sleep();
    native::available_parallelism()
}

/// Starts a thread, and lends its closure the right to sleep.
///
/// # Context
///
/// May sleep, since the kernel makes the thread. It takes no token, as in std, so a call in a section is found at run time
/// only. The new thread may sleep. The closure cannot capture a token of this thread: tokens are not `Send`.
///
/// # Panics
///
/// If the system cannot start a thread, as [`std::thread::spawn`].
///
/// # Examples
///
/// ```
/// use nonblock::thread;
/// use std::time::Duration;
///
/// let worker = thread::spawn(|cx| {
///     thread::sleep(cx, Duration::from_millis(1));
///     "done"
/// });
/// nonblock::sleepable(|cx| assert_eq!(worker.join(cx).unwrap(), "done"));
/// ```
///
/// ```compile_fail,E0277
/// # use nonblock::thread;
/// nonblock::sleepable(|cx| {
///     thread::spawn(|_| thread::sleep(cx, std::time::Duration::ZERO)); // `cx` belongs to another thread
/// });
/// ```
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce(&mut Sleepable) -> T + Send + 'static,
    T: Send + 'static,
{
    might_sleep_to_spawn();
    let end = ThreadEnd::here();
    JoinHandle::new(native::spawn(thread_main(f, end)), end)
}

/// Wraps the closure of a thread. The thread is lent a token, and its violations go to the test of the thread that spawned it.
fn thread_main<T>(
    f: impl FnOnce(&mut Sleepable) -> T,
    end: ThreadEnd,
) -> impl FnOnce() -> Returned<T> {
    let recorders = InheritedRecorders::of_this_thread();
    move || {
        check_environment();
        recorders.install();
        let _code = ThreadCode;
        #[cfg(all(feature = "watch", target_os = "linux"))]
        let _waiting = ReportsWaiting;
        end.after(|| lockdep::returned(|| f(&mut lend_sleepable())))
    }
}

/// A thread that [`spawn`] started. If this is dropped, the thread runs on, and nobody can join it.
///
/// # Context
///
/// Joining may sleep. So may dropping it, though it does not wait for the thread. If the thread has ended, its result is dropped,
/// and the memory of its stack goes back to the system. If it is dropped in a section, it is reported at the place where the
/// section began.
///
/// # Examples
///
/// See [`spawn`].
#[derive(Debug)]
pub struct JoinHandle<T> {
    // It is dropped first, so that it reports before anything is released.
    drop_check: DropMaySleep,
    handle: native::JoinHandle<Returned<T>>,
    end: ThreadEnd,
}

impl<T> JoinHandle<T> {
    fn new(handle: native::JoinHandle<Returned<T>>, end: ThreadEnd) -> Self {
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

/// Panics if a thread that is to be joined is the current one.
#[track_caller]
fn check_not_own(thread: &native::Thread) {
    assert!(thread.id() != native::current().id(), "a thread waits for itself: join it elsewhere");
}
