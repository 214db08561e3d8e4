//! The builder of threads that have a name, or a stack of a certain size.

use std::string::String;
use std::thread as native;

use super::{JoinHandle, Scope, ScopedJoinHandle, thread_main};
use crate::check::might_sleep_to_spawn;
use crate::lockdep::ThreadEnd;
use crate::token::Sleepable;

/// Starts a thread with a name, which reports show, or with a stack of a certain size.
///
/// # Context
///
/// It may be set up anywhere. Starting the thread may sleep.
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
    /// Makes a builder for a thread without a name, and with a stack of the usual size.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn new() -> Self {
        Self(native::Builder::new())
    }

    /// Sets the name of the thread. The name must hold no nul byte.
    ///
    /// # Context
    ///
    /// May be called anywhere. Allocates.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self(self.0.name(name.into()))
    }

    /// Sets the size of the stack of the thread, in bytes.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn stack_size(self, bytes: usize) -> Self {
        Self(self.0.stack_size(bytes))
    }

    /// Starts the thread, as [`spawn`](super::spawn).
    ///
    /// # Context
    ///
    /// May sleep, since the kernel makes the thread. It takes no token, as in std, so a call in a section is found at run time
    /// only. The new thread may sleep.
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread.
    ///
    /// # Panics
    ///
    /// If the name holds a nul byte.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> std::io::Result<JoinHandle<T>>
    where
        F: FnOnce(&mut Sleepable) -> T + Send + 'static,
        T: Send + 'static,
    {
        might_sleep_to_spawn();
        let end = ThreadEnd::here();
        self.0.spawn(thread_main(f, end)).map(|handle| JoinHandle::new(handle, end))
    }

    /// Starts the thread in a scope, as [`Scope::spawn`].
    ///
    /// # Context
    ///
    /// May sleep, since the kernel makes the thread. It takes no token, as in std, so a call in a section is found at run time
    /// only. The new thread may sleep.
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread.
    ///
    /// # Panics
    ///
    /// If the name holds a nul byte.
    #[track_caller]
    pub fn spawn_scoped<'scope, F, T>(
        self,
        scope: Scope<'scope, '_>,
        f: F,
    ) -> std::io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce(&mut Sleepable) -> T + Send + 'scope,
        T: Send + 'scope,
    {
        might_sleep_to_spawn();
        let end = ThreadEnd::here_in(scope.end());
        let started = self.0.spawn_scoped(scope.native(), thread_main(f, end));
        started.map(|handle| ScopedJoinHandle::new(handle, end))
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}
