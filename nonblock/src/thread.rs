//! Threads, with the token in their closures and in whatever waits.
//!
//! As [`std::thread`], but a new thread's closure is lent a [`Sleepable`], and `sleep` and `join` take one.

use std::string::String;
use std::thread as native;
use std::time::Duration;

use crate::check::might_sleep;
use crate::testing::Inherited;
use crate::token::{Sleepable, lend_sleepable};

/// Puts the thread to sleep for at least a time.
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

/// Starts a thread, and lends its closure the right to sleep.
///
/// # Context
///
/// May be called anywhere; the new thread may sleep. A token of this thread's cannot be captured: it is not
/// `Send`.
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
///     thread::spawn(|_| thread::sleep(cx, std::time::Duration::ZERO)); // `cx` is not that thread's
/// });
/// ```
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce(&mut Sleepable) -> T + Send + 'static,
    T: Send + 'static,
{
    JoinHandle(native::spawn(body(f)))
}

/// Wraps a thread's closure: it reports to the test of the thread that spawned it.
fn body<T>(f: impl FnOnce(&mut Sleepable) -> T) -> impl FnOnce() -> T {
    let recorders = Inherited::of_this_thread();
    move || {
        recorders.install();
        f(&mut lend_sleepable())
    }
}

/// How a thread is to be started: with a name, which reports tell, or a stack of a certain size.
///
/// # Examples
///
/// ```
/// use nonblock::thread::Builder;
///
/// let reaper = Builder::new().name("oom_reaper").spawn(|_cx| "reaped").expect("a thread");
/// assert_eq!(reaper.thread().name(), Some("oom_reaper"));
/// nonblock::sleepable(|cx| assert_eq!(reaper.join(cx).unwrap(), "reaped"));
/// ```
#[derive(Debug)]
#[must_use = "a builder starts no thread until `spawn` is called"]
pub struct Builder(native::Builder);

impl Builder {
    /// A thread without a name, with a stack of the usual size.
    pub fn new() -> Self {
        Self(native::Builder::new())
    }

    /// Names the thread. The name must hold no nul byte.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self(self.0.name(name.into()))
    }

    /// Sets the size of the thread's stack, in bytes.
    pub fn stack_size(self, bytes: usize) -> Self {
        Self(self.0.stack_size(bytes))
    }

    /// Starts the thread, as [`spawn`].
    ///
    /// # Context
    ///
    /// May be called anywhere; the new thread may sleep.
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread.
    ///
    /// # Panics
    ///
    /// If the name holds a nul byte.
    pub fn spawn<F, T>(self, f: F) -> std::io::Result<JoinHandle<T>>
    where
        F: FnOnce(&mut Sleepable) -> T + Send + 'static,
        T: Send + 'static,
    {
        self.0.spawn(body(f)).map(JoinHandle)
    }

    /// Starts the thread in a scope, as [`Scope::spawn`].
    ///
    /// # Context
    ///
    /// May be called anywhere; the new thread may sleep.
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread.
    ///
    /// # Panics
    ///
    /// If the name holds a nul byte.
    pub fn spawn_scoped<'scope, F, T>(
        self,
        scope: Scope<'scope, '_>,
        f: F,
    ) -> std::io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce(&mut Sleepable) -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.0.spawn_scoped(scope.0, body(f)).map(ScopedJoinHandle)
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

/// A thread that was started by [`spawn`]. Dropped, it lets the thread run on unattended.
#[derive(Debug)]
pub struct JoinHandle<T>(native::JoinHandle<T>);

impl<T> JoinHandle<T> {
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
    might_sleep();
    native::scope(|scope| f(Scope(scope), cx))
}

/// Where the threads of a [`scope`] are started.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'scope, 'env>(&'scope native::Scope<'scope, 'env>);

impl<'scope> Scope<'scope, '_> {
    /// Starts a thread in the scope, and lends its closure the right to sleep.
    ///
    /// # Context
    ///
    /// May be called anywhere; the new thread may sleep.
    ///
    /// # Panics
    ///
    /// If the system cannot start a thread.
    pub fn spawn<F, T>(self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce(&mut Sleepable) -> T + Send + 'scope,
        T: Send + 'scope,
    {
        ScopedJoinHandle(self.0.spawn(body(f)))
    }
}

/// A thread that was started by [`Scope::spawn`]. Dropped, it leaves the waiting to the scope's end.
#[derive(Debug)]
pub struct ScopedJoinHandle<'scope, T>(native::ScopedJoinHandle<'scope, T>);

impl<T> ScopedJoinHandle<'_, T> {
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
}
