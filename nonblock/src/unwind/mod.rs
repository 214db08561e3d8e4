//! Calling code of others that may panic, on a thread or in a list that must outlive it.
//!
//! For whoever keeps a list of callbacks, or a thread that works for others, as the chains and queues here do:
//!
//! | to do this | use |
//! |---|---|
//! | go on with the thread, whatever a call does | [`catch`] |
//! | make several calls, and let the first panic through after the last | [`FirstPanic`] |
//! | drop values of users, of which several may panic | [`DropCaught`] |
//!
//! In each of them a second panic ends where it is, after the panic hook has reported it: two at once would abort the
//! program.

mod drop_caught;
mod first_panic;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::backend::{ActiveBackend, Backend as _};
use crate::check;
use crate::violation::Place;

pub use drop_caught::DropCaught;
pub use first_panic::FirstPanic;
#[cfg(feature = "lock_api")]
pub(crate) use first_panic::for_each;

use first_panic::discard;

/// Calls the closure, and leaves the thread as it was before: neither unwinding nor in a section.
///
/// Returns what the closure returns, or `None` if it panicked, which the panic hook has reported. As
/// [`std::panic::catch_unwind`], but that what was panicked with is dropped here, and that sections which the closure left
/// open (through [`raw`](crate::raw), or by forgetting a spin lock's guard) are reported and closed: they would be held
/// against whatever the thread does next.
///
/// # Arguments
///
/// * `place`: where a section that was left open is reported.
///
/// # Context
///
/// To be called outside sections, by a thread that works for others. May sleep, if the closure may.
///
/// # Examples
///
/// ```
/// use nonblock::{Place, raw, unwind};
///
/// let place = Place::caller();
/// assert_eq!(unwind::catch(place, || 5), Some(5));
/// assert_eq!(unwind::catch(place, || panic!("a callback's")), None::<()>);
/// assert_eq!(raw::depth(), 0);
/// ```
pub fn catch<R>(place: Place, f: impl FnOnce() -> R) -> Option<R> {
    // What a panic leaves in disorder is the user's, whose documentation says that it may be called again.
    let outcome = catch_unwind(AssertUnwindSafe(f));
    let checked = catch_unwind(|| check::might_sleep_at(place));
    while ActiveBackend::depth().is_some_and(|depth| depth > 0) {
        ActiveBackend::end();
    }
    if let Err(payload) = checked {
        discard(payload);
    }
    outcome.map_err(discard).ok()
}
