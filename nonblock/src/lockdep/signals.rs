//! Code that runs in a signal handler, and code that no signal handler interrupts.

#[cfg(feature = "lockdep")]
use crate::lock_graph::{ThreadLocks, with_thread};

/// Marks the closure as code of a signal handler.
///
/// A handler interrupts its own thread. If it waits for a lock that this thread holds, it waits for ever. So a class that a
/// handler waits for must be held elsewhere only where [no handler can interrupt](signals_blocked): otherwise it is reported as
/// [`InconsistentUse`](crate::ViolationKind::InconsistentUse), whether a handler has ever interrupted a holder or not.
///
/// # Context
///
/// May be called anywhere. Call it first in a signal handler. It neither waits nor allocates. A report of what is found in the closure
/// allocates.
///
/// # Examples
///
/// ```
/// use nonblock::lockdep;
/// use nonblock::sync::SpinLock;
///
/// static TICKS: SpinLock<u64> = SpinLock::new(0).in_class("ticks");
///
/// extern "C" fn on_alarm(_signal: i32) {
///     lockdep::signal_handler(|| nonblock::non_block(|nb| *TICKS.lock(nb) += 1));
/// }
///
/// fn read() -> u64 {
///     // ... block the signal ...
///     let ticks = lockdep::signals_blocked(|| nonblock::non_block(|nb| *TICKS.lock(nb)));
///     // ... unblock it ...
///     ticks
/// }
///
/// on_alarm(14);
/// assert_eq!(read(), 1);
/// ```
#[inline]
pub fn signal_handler<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(feature = "lockdep")]
    let _counted = Counted::new(ThreadLocks::count_signal_handlers);
    f()
}

/// Marks the closure as code that no signal handler can interrupt, as its signals are blocked. It blocks none itself.
///
/// # Context
///
/// May be called anywhere. It neither waits nor allocates.
///
/// # Examples
///
/// See [`signal_handler`].
#[inline]
pub fn signals_blocked<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(feature = "lockdep")]
    let _counted = Counted::new(ThreadLocks::count_signals_blocked);
    f()
}

/// Something that is counted on this thread until this is dropped, by unwinding too.
#[cfg(feature = "lockdep")]
struct Counted(fn(&ThreadLocks, i32));

#[cfg(feature = "lockdep")]
impl Counted {
    fn new(count: fn(&ThreadLocks, i32)) -> Self {
        with_thread(|thread| count(thread, 1));
        Self(count)
    }
}

#[cfg(feature = "lockdep")]
impl Drop for Counted {
    fn drop(&mut self) {
        with_thread(|thread| self.0(thread, -1));
    }
}
