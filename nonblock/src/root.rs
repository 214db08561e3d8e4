//! Roots: functions that lend a token to code that was lent none.
//!
//! `sleepable` and `non_block` stand where a call chain begins. `permit_sleep` lends the right to sleep inside a section, and
//! counts that it did.

use crate::backend::SuspendGuard;
use crate::check;
use crate::lockdep::RootCode;
use crate::report;
use crate::section::Section;
use crate::token::{NoToken, NonBlock, Sleepable, lend_sleepable};
use crate::violation::Place;

/// Lends the right to sleep to a thread that has no token yet. This is a root.
///
/// Where a call chain begins, there is no caller to lend a token, so this function does. It is for the `main` of a program,
/// for the first function of a thread, and for a C callback that is known to be allowed to sleep. Everywhere else, take
/// `cx: &mut Sleepable` as an argument instead.
///
/// # Context
///
/// May sleep: the closure is lent a [`Sleepable`]. It must capture no token ([`NoToken`]), so that a section whose token is in
/// scope cannot call a root. A root that is called inside a section all the same is found at run time only.
///
/// # Panics
///
/// If the thread is in a section, reports [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock), which panics under the
/// default [`Policy`](crate::Policy). A panic of the closure passes through.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// let slept = nonblock::sleepable(|cx| {
///     nonblock::thread::sleep(cx, Duration::from_millis(1));
///     true
/// });
/// assert!(slept);
/// ```
#[inline]
#[track_caller]
pub fn sleepable<R, F>(f: F) -> R
where
    F: FnOnce(&mut Sleepable) -> R + NoToken,
{
    let _held = RootCode::begin();
    let _root = check::root();
    f(&mut lend_sleepable())
}

/// Runs the closure in a section, for code that begins as non-blocking: callbacks, interrupt handlers.
///
/// Where a token is in scope, use the method of the token: [`Sleepable::non_block`] or [`NonBlock::non_block`]. They keep the
/// token borrowed meanwhile.
///
/// # Context
///
/// Does not sleep, and may be called anywhere. Sections nest. The closure is lent a [`NonBlock`]. It must capture no token
/// ([`NoToken`]).
///
/// # Examples
///
/// ```
/// let sum = nonblock::non_block(|_nb| (1..=4).sum::<u32>());
/// assert_eq!(sum, 10);
/// ```
#[inline]
#[track_caller]
pub fn non_block<R, F>(f: F) -> R
where
    F: FnOnce(&mut NonBlock) -> R + NoToken,
{
    let _held = RootCode::begin();
    Section::run(f)
}

/// Lends the right to sleep inside a section, as a known exception that is counted and listed.
///
/// It is for a sleep that was examined and found harmless, and that cannot be avoided today. The open sections are suspended
/// while the closure runs; a section that the closure opens counts again. Every use is counted by its place and reason in
/// [`Stats::permits`](crate::Stats::permits).
///
/// # Arguments
///
/// * `reason`: why sleeping is harmless here, in one sentence. It appears in the statistics.
///
/// # Context
///
/// May sleep, and may be called in a section: that is its purpose. The closure is lent a [`Sleepable`]. It must capture no
/// token ([`NoToken`]): with two `Sleepable`s it could open a section with one, and sleep in the section with the other.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// nonblock::non_block(|_nb| {
///     nonblock::permit_sleep("the log is flushed once, before any device is live", |cx| {
///         nonblock::thread::sleep(cx, Duration::from_millis(1));
///     });
/// });
/// ```
#[inline]
#[track_caller]
pub fn permit_sleep<R, F>(reason: &'static str, f: F) -> R
where
    F: FnOnce(&mut Sleepable) -> R + NoToken,
{
    permit_sleep_unbounded(reason, f)
}

/// As [`permit_sleep`], without the [`NoToken`] bound.
#[inline]
#[track_caller]
pub(crate) fn permit_sleep_unbounded<R>(
    reason: &'static str,
    f: impl FnOnce(&mut Sleepable) -> R,
) -> R {
    report::count_permit(reason, Place::caller());
    let _suspended = SuspendGuard::new();
    f(&mut lend_sleepable())
}
