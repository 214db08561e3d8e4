//! Waits that a test expects to be reported: they are refused, since they might never end.

#[cfg(feature = "lockdep")]
use std::boxed::Box;
#[cfg(feature = "lockdep")]
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread::Result as Joined;

#[cfg(feature = "lockdep")]
use crate::backend::test_recorder;

/// What unwinds from a wait that was refused, to the end of the thread or of what the test runs.
#[cfg(feature = "lockdep")]
#[derive(Debug)]
pub(crate) struct RefusedWait;

/// Ends what the thread does, instead of a wait.
#[cfg(feature = "lockdep")]
pub(super) fn refuse() -> ! {
    test_recorder::set_refused();
    resume_unwind(Box::new(RefusedWait))
}

/// Runs the closure to its end, or until a wait in it is refused.
#[inline]
pub(crate) fn until_refused<R>(f: impl FnOnce() -> R) {
    #[cfg(feature = "lockdep")]
    let _ = returned(f);
    #[cfg(not(feature = "lockdep"))]
    f();
}

/// What the closure of a thread has returned, unless a wait in it was refused.
#[cfg(feature = "lockdep")]
pub(crate) type Returned<T> = Result<T, RefusedWait>;

/// What the closure of a thread has returned.
#[cfg(not(feature = "lockdep"))]
pub(crate) type Returned<T> = T;

/// Runs the closure of a thread. That a wait was refused is no panic of the thread.
#[cfg(feature = "lockdep")]
pub(crate) fn returned<T>(f: impl FnOnce() -> T) -> Returned<T> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| match payload.downcast() {
        Ok(refused) => *refused,
        Err(payload) => resume_unwind(payload),
    })
}

#[cfg(not(feature = "lockdep"))]
#[inline]
pub(crate) fn returned<T>(f: impl FnOnce() -> T) -> Returned<T> {
    f()
}

/// Returns what a thread has returned to whoever joined it. If a wait of the thread was refused, who joined it in the same test ends
/// too: what it joined the thread for did not come about.
#[inline]
pub(crate) fn joined<T>(joined: Joined<Returned<T>>) -> Joined<T> {
    #[cfg(feature = "lockdep")]
    return joined.and_then(|returned| {
        returned.map_err(|refused| {
            if test_recorder::was_refused() {
                resume_unwind(Box::new(refused));
            }
            Box::new(refused) as _
        })
    });
    #[cfg(not(feature = "lockdep"))]
    joined
}

/// All threads of a scope have ended. If a wait in the same test was refused, who waited for them ends too.
#[inline]
pub(crate) fn scope_ended() {
    #[cfg(feature = "lockdep")]
    if test_recorder::was_refused() && !std::thread::panicking() {
        resume_unwind(Box::new(RefusedWait));
    }
}
