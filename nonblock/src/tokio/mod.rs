//! For programs on tokio: what lends the right to sleep there, and tasks whose polls are sections.
//!
//! | to do this | use |
//! |---|---|
//! | make one task's polls sections | [`spawn`], [`spawn_local`], or [`.non_block()`](crate::future::NonBlockExt::non_block) on its future, as in `JoinSet::spawn(task.non_block())` |
//! | make every task's polls sections, and change no task | [`BuilderExt::non_block_polls`], in builds with `--cfg tokio_unstable` |
//! | do in a task what may sleep | [`spawn_blocking`], or [`block_in_place`] |
//! | wait for a future on a thread that may sleep | [`block_on`] |
//!
//! In reports about a task is its number, as `task::id()` gives it: see [`Violation::async_task`](crate::Violation::async_task).
//!
//! # What is a section, and what not
//!
//! A task that panics, or is cancelled, leaves no section open. The future that `Runtime::block_on` itself polls is no task: wrap it by
//! `.non_block()`. What tokio does besides, such as its queues and its timers, is in no section of [`spawn`], and in those of
//! [`BuilderExt::non_block_polls`] only as far as it belongs to the task's end: its output is stored, and who joins it is woken.

#[cfg(any(tokio_unstable, doc))]
mod runtime_hooks;

use ::tokio::runtime::Handle;
use ::tokio::task::{self, JoinHandle};

use crate::check;
use crate::future::{NonBlockExt as _, NonBlocking, open_polls};
use crate::token::{NoToken, Sleepable, lend_sleepable};

#[cfg(any(tokio_unstable, doc))]
pub use runtime_hooks::BuilderExt;

/// Starts a task whose every poll is a section. It is [`tokio::spawn`] of [`NonBlocking`].
///
/// # Context
///
/// As `tokio::spawn`: it does not wait for the task, but allocates, and may wake a thread.
///
/// # Panics
///
/// If no runtime is entered, as `tokio::spawn`.
///
/// # Examples
///
/// ```
/// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// let sum = runtime.block_on(async {
///     nonblock::tokio::spawn(async { 40 + 2 }).await
/// });
/// assert_eq!(sum?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    ::tokio::spawn(future.non_block())
}

/// Starts a task on this thread whose every poll is a section. It is [`tokio::task::spawn_local`] of
/// [`NonBlocking`].
///
/// # Context
///
/// As [`spawn`].
///
/// # Panics
///
/// Outside a `LocalSet` or a local runtime, as `tokio::task::spawn_local`.
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
///
/// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// let shared = Rc::new(6);
/// let tasks = tokio::task::LocalSet::new();
/// let product = tasks.block_on(&runtime, async move {
///     nonblock::tokio::spawn_local(async move { *shared * 7 }).await
/// });
/// assert_eq!(product?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    task::spawn_local(future.non_block())
}

/// Runs a closure on a thread of tokio's blocking pool, and lends it the right to sleep.
///
/// It is [`tokio::task::spawn_blocking`] with a token. The closure cannot capture one of this thread:
/// tokens are not `Send`.
///
/// # Context
///
/// Does not wait for the closure. But it is no call for a section that must be quick: it allocates, takes the mutex of the pool, and
/// starts a thread if no one of the pool is free. The watch reports what of it may block. So a task calls it, whose polls have that
/// exception, or a queue of [`work`](crate#features) leads to a thread that is there already.
///
/// # Panics
///
/// If no runtime is entered, as `tokio::task::spawn_blocking`.
///
/// # Examples
///
/// ```
/// use nonblock::{Sleepable, may_sleep};
///
/// #[may_sleep]
/// fn load(path: &'static str, cx: &mut Sleepable) -> String {
///     std::fs::read_to_string(path).unwrap_or_default()
/// }
///
/// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// let text = runtime.block_on(async {
///     nonblock::tokio::spawn_blocking(|cx| load("/etc/hostname", cx)).await
/// })?;
/// # let _ = text;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce(&mut Sleepable) -> R + Send + 'static,
    R: Send + 'static,
{
    task::spawn_blocking(|| crate::raw::sleepable(f))
}

/// Runs a closure in a task, on its own thread, and lends it the right to sleep: the thread's other tasks go to another thread first.
///
/// It is [`tokio::task::block_in_place`] with a token. The section that is the task's poll is suspended
/// until the closure returns. Only that one: the caller must be in no section within it.
///
/// # Context
///
/// May sleep, and may be called in a poll: that is its purpose. The closure must capture no token ([`NoToken`]).
///
/// # Panics
///
/// In a section within the poll, reports [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock). On a runtime of one thread, as
/// `tokio::task::block_in_place`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
/// let task = runtime.block_on(async {
///     nonblock::tokio::spawn(async {
///         nonblock::tokio::block_in_place(|cx| {
///             nonblock::thread::sleep(cx, Duration::from_millis(1));
///             "slept"
///         })
///     })
///     .await
/// });
/// assert_eq!(task?, "slept");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn block_in_place<R, F>(f: F) -> R
where
    F: FnOnce(&mut Sleepable) -> R + NoToken,
{
    let suspended = open_polls::SuspendedPolls::suspend();
    // Finds the sections that are no polls.
    let _root = check::root();
    task::block_in_place(move || {
        let _suspended = suspended;
        f(&mut lend_sleepable())
    })
}

/// Waits for a future on this thread, which may sleep. The future's own polls are sections.
///
/// It runs on the runtime that is entered: in a closure of [`spawn_blocking`] or [`block_in_place`], or where `Runtime::enter` was
/// called.
///
/// # Context
///
/// May sleep: takes `&mut Sleepable`.
///
/// # Panics
///
/// If no runtime is entered, or if this thread polls a task at the moment. If called in a section all the same, reports
/// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
///
/// # Examples
///
/// ```
/// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// let _entered = runtime.enter();
/// let answer = nonblock::sleepable(|cx| nonblock::tokio::block_on(cx, async { 42 }));
/// assert_eq!(answer, 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn block_on<F: Future>(cx: &mut Sleepable, future: F) -> F::Output {
    let _ = cx;
    check::with_token::might_sleep();
    let Ok(runtime) = Handle::try_current() else { no_runtime() };
    runtime.block_on(NonBlocking::new(future))
}

#[cold]
#[track_caller]
fn no_runtime() -> ! {
    panic!(
        "`nonblock::tokio::block_on` waits on the runtime that is entered, and none is: call it in \
         `nonblock::tokio::spawn_blocking`, or keep `let _entered = runtime.enter();` around it"
    );
}
