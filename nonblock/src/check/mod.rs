//! The run-time checks, which functions call at their start: `might_sleep`, `cant_sleep`.

mod same_cause;
pub(crate) mod with_token;

use crate::backend::{self, ActiveBackend, Backend as _};
use crate::report;
use crate::violation::{Checker, Place, ViolationKind};

pub(crate) use same_cause::{Root, bind, root};

/// Whether this build of the crate keeps counts. It does if debug assertions are on, or the feature `checks`.
///
/// # Examples
///
/// ```
/// let depth = nonblock::non_block(|_nb| nonblock::raw::depth());
/// assert_eq!(depth, if nonblock::CHECKS { 1 } else { 0 });
/// ```
pub const CHECKS: bool = cfg!(any(debug_assertions, feature = "checks"));

/// States that the caller may sleep here. Reports a violation if a section is open.
///
/// Call it first in every function that may sleep, and that code without tokens can reach: through `dyn`, a callback, or C.
/// In a function that takes `&mut Sleepable`, the attribute `#[may_sleep]` calls it. It reports a call whether or not the
/// call would really have slept. So the fault is found on the path that does not sleep, too. Mirrors Linux's `might_sleep()`
/// (`include/linux/kernel.h`, 6.12).
///
/// # Context
///
/// May be called anywhere. It costs a load and a branch where checks are on, and nothing where they are off.
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

/// As [`might_sleep`], for a caller at another place.
#[inline]
#[track_caller]
pub(crate) fn might_sleep_at(place: Place) {
    check_might_sleep(Checker::Function, place);
}

#[inline]
#[track_caller]
fn check_might_sleep(checker: Checker, place: Place) {
    if backend::in_section() == Some(true) {
        report::violation(ViolationKind::SleepInNonBlock, place, checker);
    }
}

/// As [`might_sleep`], for a destructor. A violation is reported at the place where the section began.
///
/// Destructors are called by code of the core library, so the place of the call is the same for all of them.
#[inline]
pub(crate) fn might_sleep_in_drop() {
    if backend::in_section() == Some(true) {
        // The place of a section that C began will not do: where the policy is to panic, a violation at a place in C aborts.
        let began = ActiveBackend::began().filter(|place| place.location().is_some());
        let place = began.unwrap_or_else(Place::caller);
        report::violation(ViolationKind::SleepInNonBlock, place, Checker::Destructor);
    }
}

/// Names a misspelt policy in the environment, once. What starts to use the library calls it.
#[cfg(feature = "std")]
#[inline]
pub(crate) fn check_environment() {
    // With checks off, no policy acts.
    if CHECKS {
        backend::env_variable::check();
    }
}

/// As [`might_sleep`], in a function that starts a thread, and takes no token.
#[cfg(feature = "std")]
#[inline]
#[track_caller]
pub(crate) fn might_sleep_to_spawn() {
    check_might_sleep(Checker::Spawn, Place::caller());
}

/// A field that reports, when it is dropped in a section, that dropping its owner may sleep. It stands before the other fields.
#[cfg(feature = "std")]
#[derive(Debug)]
pub(crate) struct DropMaySleep;

#[cfg(feature = "std")]
impl Drop for DropMaySleep {
    #[inline]
    fn drop(&mut self) {
        might_sleep_in_drop();
    }
}

/// States that the caller may sleep here if the condition holds. Reports a violation if it does, and a section is open.
///
/// The condition must tell whether the call may sleep at all, such as a flag that says "wait". It must not tell whether the
/// call happens to wait this time. Mirrors Linux's `might_sleep_if()`.
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

/// States that the caller relies on an open section. Reports a violation if none is open.
///
/// Mirrors Linux's `cant_sleep()` (`include/linux/kernel.h`, 6.12).
///
/// # Context
///
/// Call it in a section.
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

/// As [`cant_sleep`], for a caller at another place.
#[inline]
#[track_caller]
pub(crate) fn cant_sleep_at(place: Place) {
    check_cant_sleep(Checker::Function, place);
}

#[inline]
#[track_caller]
fn check_cant_sleep(checker: Checker, place: Place) {
    if backend::in_section() == Some(false) {
        report::violation(ViolationKind::NotInNonBlock, place, checker);
    }
}
