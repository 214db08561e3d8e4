//! Code of users' that is called on a thread of ours, which must outlive whatever it does.

use core::mem;
use std::any::Any;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::backend::{Backend as _, Chosen};
use crate::check;
use crate::report::Place;

/// Calls something, and leaves the thread as it was before. Returns nothing if it panicked, which the panic hook
/// has reported.
///
/// # Arguments
///
/// * `place`: where a section that it leaves open is reported.
pub(crate) fn outlive<R>(place: Place, call: impl FnOnce() -> R) -> Option<R> {
    // What a panic leaves in disorder is the user's, whose documentation says that it may be called again.
    let outcome = catch_unwind(AssertUnwindSafe(call));
    // A section that is still open would be held against everything that follows.
    let checked = catch_unwind(|| check::might_sleep_at(place));
    while Chosen::depth().is_some_and(|depth| depth > 0) {
        Chosen::end();
    }
    if let Err(payload) = checked {
        forget_quietly(payload);
    }
    outcome.map_err(forget_quietly).ok()
}

/// Drops what was panicked with, and what that panics with not at all.
fn forget_quietly(payload: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(another);
    }
}
