//! The unguarded forms, for FFI and for closures that capture something tied to their thread.
//!
//! These functions are safe to call, but give up a part of what the compiler proves. The run-time counters still find what the
//! compiler then does not.

use crate::backend::{ActiveBackend, Backend as _};
use crate::check;
use crate::lockdep::RootCode;
use crate::root::permit_sleep_unbounded;
use crate::section::{CallSite, Section, ended_oddly};
use crate::token::{NonBlock, Sleepable, lend_sleepable};
use crate::violation::Place;

/// As [`sleepable`](crate::sleepable), without the [`NoToken`](crate::NoToken) bound.
///
/// For closures that capture something tied to their thread, such as an `Rc`. The compiler then does not see whether the
/// closure captures a token.
///
/// # Context
///
/// May sleep: the closure is lent a [`Sleepable`].
///
/// # Panics
///
/// As [`sleepable`](crate::sleepable).
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
///
/// let shared = Rc::new(5);
/// assert_eq!(nonblock::raw::sleepable(|_cx| *shared), 5);
/// ```
#[inline]
#[track_caller]
pub fn sleepable<R>(f: impl FnOnce(&mut Sleepable) -> R) -> R {
    let _held = RootCode::begin();
    let _call = check::root();
    f(&mut lend_sleepable())
}

/// As [`non_block`](crate::non_block()), without the [`NoToken`](crate::NoToken) bound.
///
/// # Context
///
/// Does not sleep. The closure is lent a [`NonBlock`]. The compiler does not see whether the closure captures a `Sleepable`.
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
///
/// let calls = Cell::new(0);
/// nonblock::raw::non_block(|_nb| calls.set(calls.get() + 1));
/// assert_eq!(calls.get(), 1);
/// ```
#[inline]
#[track_caller]
pub fn non_block<R>(f: impl FnOnce(&mut NonBlock) -> R) -> R {
    let _held = RootCode::begin();
    Section::run(f)
}

/// As [`non_block`], for a section that begins at `place` in reports.
///
/// For a library that opens a section on behalf of a call that may have returned since. For instance, the drop of a guard
/// calls callbacks in a section, and in reports that section begins where the guard was made.
///
/// # Arguments
///
/// * `place`: where the section begins, mostly a [`Place::caller`] that was kept.
///
/// # Context
///
/// As [`non_block`].
///
/// # Examples
///
/// ```
/// use nonblock::{Place, raw};
///
/// let place = Place::caller();
/// raw::non_block_at(place, |_nb| {
///     // If something breaks a rule here, the report says that the section began at `Place::caller()`.
/// });
/// ```
#[inline]
pub fn non_block_at<R>(place: Place, f: impl FnOnce(&mut NonBlock) -> R) -> R {
    let _held = RootCode::begin();
    Section::run_at(CallSite::at(place), f)
}

/// As [`might_sleep`](crate::might_sleep()), for a caller at another place.
///
/// Mirrors Linux's `__might_sleep(file, line)` (`include/linux/kernel.h`, 6.12).
///
/// # Arguments
///
/// * `place`: where a violation is reported.
///
/// # Context
///
/// May be called anywhere.
///
/// # Panics
///
/// As [`might_sleep`](crate::might_sleep()).
///
/// # Examples
///
/// ```
/// use nonblock::{Place, raw};
///
/// raw::might_sleep_at(Place::caller()); // no section is open: nothing to report
/// ```
#[inline]
#[track_caller]
pub fn might_sleep_at(place: Place) {
    check::might_sleep_at(place);
}

/// As [`might_sleep`](crate::might_sleep()), for a destructor. A violation is reported at the place where the section began.
///
/// Destructors are called by code of the core library, so the place of the call is the same for all of them.
///
/// # Context
///
/// May be called anywhere. Call it first in a `drop` that may sleep.
///
/// # Panics
///
/// As [`might_sleep`](crate::might_sleep()).
///
/// # Examples
///
/// ```
/// struct Mapping;
///
/// impl Drop for Mapping {
///     fn drop(&mut self) {
///         nonblock::raw::might_sleep_in_drop();
///         // ... waits for the device ...
///     }
/// }
///
/// drop(Mapping);
/// ```
#[inline]
pub fn might_sleep_in_drop() {
    check::might_sleep_in_drop();
}

/// As [`permit_sleep`](crate::permit_sleep), without the [`NoToken`](crate::NoToken) bound.
///
/// For a known exception that needs a lock guard, or something else that is tied to its thread.
///
/// # Context
///
/// May sleep, and may be called in a section. The closure is lent a [`Sleepable`]. The compiler does not see whether the
/// closure captures a token.
///
/// # Examples
///
/// ```
/// use nonblock::sync::SpinLock;
///
/// let log = SpinLock::new(Vec::new());
/// nonblock::non_block(|nb| {
///     let mut log = log.lock(nb);
///     nonblock::raw::permit_sleep("nobody else waits for the log yet", |_cx| log.push("up"));
/// });
/// assert_eq!(log.into_inner(), ["up"]);
/// ```
#[inline]
#[track_caller]
pub fn permit_sleep<R>(reason: &'static str, f: impl FnOnce(&mut Sleepable) -> R) -> R {
    permit_sleep_unbounded(reason, f)
}

/// Opens a section that [`non_block_end`] must close, on this thread.
///
/// For code that cannot hold a closure or a guard around the section: a pair of C callbacks, say.
///
/// # Context
///
/// May be called anywhere. Sections nest.
///
/// # Examples
///
/// ```
/// nonblock::raw::non_block_start();
/// nonblock::raw::non_block_end();
/// assert_eq!(nonblock::raw::depth(), 0);
/// ```
#[inline]
#[track_caller]
pub fn non_block_start() {
    ActiveBackend::start(Place::caller());
}

/// Closes the section that [`non_block_start`] opened.
///
/// # Context
///
/// Call it in a section, on the thread that opened the section.
///
/// # Panics
///
/// Where no section is open, reports [`ViolationKind::UnbalancedEnd`](crate::ViolationKind::UnbalancedEnd), which panics
/// under the default [`Policy`](crate::Policy). The depth stays zero.
///
/// # Examples
///
/// ```
/// # if nonblock::CHECKS {
/// use nonblock::{ViolationKind, raw, testing};
///
/// let violation = testing::expect_violation(|| raw::non_block_end());
/// assert_eq!(violation.kind(), ViolationKind::UnbalancedEnd);
/// # }
/// ```
#[inline]
#[track_caller]
pub fn non_block_end() {
    non_block_end_at(Place::caller());
}

/// As [`non_block_end`], for a caller at another place.
#[inline]
#[track_caller]
pub(crate) fn non_block_end_at(place: Place) {
    if !ActiveBackend::end() {
        ended_oddly(place);
    }
}

/// Returns how many sections are open on this thread.
///
/// It is zero too where no count is kept: with checks off, or with a backend that keeps no count.
///
/// # Context
///
/// May be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::raw;
///
/// let depth = nonblock::non_block(|nb| nb.non_block(|_nb| raw::depth()));
/// assert_eq!(depth, if nonblock::CHECKS { 2 } else { 0 });
/// assert_eq!(raw::depth(), 0);
/// ```
#[inline]
pub fn depth() -> u32 {
    ActiveBackend::depth().unwrap_or(0)
}
