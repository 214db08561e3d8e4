//! The checks of functions that were lent a token.

use super::same_cause::{self, ReportedCall};
use super::{Checker, Place, check_cant_sleep, check_might_sleep};

/// As [`might_sleep`](crate::might_sleep()), in a function that was lent a `Sleepable`.
#[inline]
#[track_caller]
pub(crate) fn might_sleep() {
    check_might_sleep(Checker::TokenHolder, Place::caller());
}

/// As [`might_sleep`], in a function that lends its token to code of the caller while the guard is held.
#[cfg_attr(
    not(any(feature = "std", feature = "lock_api")),
    allow(dead_code, reason = "nothing else lends its token")
)]
#[inline]
#[track_caller]
pub(crate) fn lend() -> ReportedCall {
    same_cause::begin(Checker::TokenHolder)
}

/// As [`lend`], for a caller at another place.
#[cfg(feature = "lock_api")]
#[inline]
pub(crate) fn lend_at(place: Place) -> ReportedCall {
    same_cause::begin_at(Checker::TokenHolder, place)
}

/// As [`might_sleep`], for a caller at another place.
#[cfg(feature = "std")]
#[inline]
#[track_caller]
pub(crate) fn might_sleep_at(place: Place) {
    check_might_sleep(Checker::TokenHolder, place);
}

/// As [`cant_sleep`](crate::cant_sleep), in a function that was lent a `NonBlock`.
#[inline]
#[track_caller]
pub(crate) fn cant_sleep() {
    check_cant_sleep(Checker::TokenHolder, Place::caller());
}
