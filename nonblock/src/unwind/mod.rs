//! Calling code that may panic, where the caller must go on: a thread that works for others, or a list of callbacks.
//!
//! The notifier chains and the queues of this crate are built on it.
//!
//! | to do this | use |
//! |---|---|
//! | go on with the thread, whatever a call does | [`catch`] |
//! | make several calls, and let the first panic pass after the last call | [`for_each`], [`FirstPanic`] |
//! | drop several values whose drops may panic | [`DropCaught`] |
//!
//! Of several panics, only the first passes on. The panic hook reports each later one, and then it is dropped: if two panics
//! unwound at once, the program would abort.

mod drop_caught;
mod first_panic;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::backend::{ActiveBackend, Backend as _};
use crate::check;
use crate::section::ended_oddly;
use crate::violation::Place;

pub use drop_caught::DropCaught;
pub use first_panic::{FirstPanic, for_each};

use first_panic::discard;
#[cfg(feature = "sync")]
pub(crate) use first_panic::for_each_of;

/// Calls the closure, and leaves the thread as it was before: not unwinding, and in no section that the closure opened.
///
/// Returns what the closure returns, or `None` if it panicked. The panic hook has reported the panic then.
///
/// It is like [`std::panic::catch_unwind`], with two differences. What the closure panicked with is dropped here. And if the
/// closure left sections open, they are reported and closed: otherwise the thread would still be in a section in whatever it
/// does next. A closure leaves a section open through [`raw`](crate::raw), or if it forgets the guard of a spin lock.
///
/// # Arguments
///
/// * `place`: where a section that was left open is reported.
///
/// # Context
///
/// Call it outside sections, on a thread that works for others. It may sleep if the closure may.
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
    let depth = || ActiveBackend::depth().unwrap_or(0);
    let depth_before = depth();
    // A panic may leave what the closure changes half done. This is the user's to handle: the documentation says that the closure
    // may be called again.
    let outcome = catch_unwind(AssertUnwindSafe(f));
    // Only sections that the closure left open are reported and closed. Those of the caller stay open.
    if depth() > depth_before {
        if let Err(payload) = catch_unwind(|| check::might_sleep_at(place)) {
            discard(payload);
        }
        while depth() > depth_before {
            if !ActiveBackend::end()
                && let Err(payload) = catch_unwind(|| ended_oddly(place))
            {
                discard(payload);
            }
        }
    }
    outcome.map_err(discard).ok()
}
