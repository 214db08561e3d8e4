//! The run-time checks: what sleeping and non-sleeping functions say of themselves.

use crate::backend::{self, ActiveBackend, Backend as _};
use crate::report;
use crate::violation::{Place, ViolationKind};

/// Whether this build of the crate keeps counts: debug assertions are on, or the feature `checks`.
///
/// # Examples
///
/// ```
/// let depth = nonblock::non_block(|_nb| nonblock::raw::depth());
/// assert_eq!(depth, if nonblock::CHECKS { 1 } else { 0 });
/// ```
pub const CHECKS: bool = cfg!(any(debug_assertions, feature = "checks"));

/// Says that the caller may sleep here, and reports it if a section is open.
///
/// Call it first in every function that may sleep and that code without tokens can reach: through
/// `dyn`, a callback, or C. Functions that take `&mut Sleepable` have it from
/// `#[may_sleep]`. It reports whether or not this call would really have slept, so that the fault is found
/// on the quiet path too. Mirrors Linux's `might_sleep()` (`include/linux/kernel.h`, 6.12).
///
/// # Context
///
/// May be called anywhere. Costs a load and a branch where checks are on, nothing where they are off.
///
/// # Panics
///
/// In a section, reports [`ViolationKind::SleepInNonBlock`], which panics under the default
/// [`Policy`](crate::Policy).
///
/// # Examples
///
/// ```
/// fn read_block() {
///     nonblock::might_sleep();
///     // ...
/// }
///
/// read_block();
/// # if nonblock::CHECKS {
/// let violation = nonblock::testing::expect_violation(|| nonblock::non_block(|_| read_block()));
/// assert_eq!(violation.kind(), nonblock::ViolationKind::SleepInNonBlock);
/// # }
/// ```
#[inline]
#[track_caller]
pub fn might_sleep() {
    might_sleep_at(Place::caller());
}

/// As [`might_sleep`], on behalf of a caller further up.
#[inline]
#[track_caller]
pub(crate) fn might_sleep_at(place: Place) {
    if backend::in_section() == Some(true) {
        report::violation(ViolationKind::SleepInNonBlock, place);
    }
}

/// As [`might_sleep`], for a destructor: what it breaks is reported where the section began.
///
/// Destructors are called from code of the core library's, whose place is the same for all of them.
#[inline]
pub(crate) fn might_sleep_in_drop() {
    if backend::in_section() == Some(true) {
        // C says of no section where it began so that a panic could be told of.
        let began = ActiveBackend::began().filter(|place| place.location().is_some());
        report::violation(ViolationKind::SleepInNonBlock, began.unwrap_or_else(Place::caller));
    }
}

/// Says that the caller may sleep here if the condition holds.
///
/// The condition is whether the call may sleep at all (a flag that says "wait"), not whether it
/// happens to have to wait this time. Mirrors Linux's `might_sleep_if()`.
///
/// # Context
///
/// May be called anywhere.
///
/// # Panics
///
/// As [`might_sleep`], where the condition holds.
///
/// # Examples
///
/// ```
/// fn allocate(may_wait: bool) {
///     nonblock::might_sleep_if(may_wait);
///     // ...
/// }
///
/// nonblock::non_block(|_| allocate(false));
/// ```
#[inline]
#[track_caller]
pub fn might_sleep_if(condition: bool) {
    if condition {
        might_sleep();
    }
}

/// Says that the caller relies on being in a section, and reports it if none is open.
///
/// Mirrors Linux's `cant_sleep()` (`include/linux/kernel.h`, 6.12).
///
/// # Context
///
/// To be called in a section.
///
/// # Panics
///
/// Outside a section, reports [`ViolationKind::NotInNonBlock`], which panics under the default
/// [`Policy`](crate::Policy).
///
/// # Examples
///
/// ```
/// fn touch_per_cpu_counter() {
///     nonblock::cant_sleep();
///     // ...
/// }
///
/// nonblock::non_block(|_| touch_per_cpu_counter());
/// ```
#[inline]
#[track_caller]
pub fn cant_sleep() {
    cant_sleep_at(Place::caller());
}

/// As [`cant_sleep`], on behalf of a caller elsewhere.
#[inline]
#[track_caller]
pub(crate) fn cant_sleep_at(place: Place) {
    if backend::in_section() == Some(false) {
        report::violation(ViolationKind::NotInNonBlock, place);
    }
}
