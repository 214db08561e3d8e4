//! Sections and roots: who lends which token, and for how long.

use crate::backend::{ActiveBackend, Backend as _, SuspendGuard};
use crate::check::might_sleep;
use crate::report;
use crate::token::{NoToken, NonBlock, Sleepable, lend_non_block, lend_sleepable};
use crate::violation::Place;
#[cfg(any(debug_assertions, feature = "checks"))]
use crate::violation::ViolationKind;

/// Names, in rustc's messages, why a section, and what holds one, is neither `Send` nor `Sync`.
trait SectionEndsOnItsThread {}

/// An open section: counted from its making until its drop, so that unwinding leaves the depth
/// right too.
#[must_use = "the section ends when this guard is dropped: bind it to a name, since `let _` ends it too"]
#[derive(Debug)]
pub struct Section {
    // A section is its thread's: another must not end it. An empty array for the reason that the
    // tokens have one.
    _of_this_thread: [*mut dyn SectionEndsOnItsThread; 0],
    // For the report of an end that somebody else took.
    #[cfg_attr(
        not(any(debug_assertions, feature = "checks")),
        expect(dead_code, reason = "there are no reports")
    )]
    origin: Origin,
}

/// Where a section begins, kept for reports: nothing where checks are off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    #[cfg(any(debug_assertions, feature = "checks"))]
    place: Place,
}

impl Origin {
    /// The call of the calling function.
    #[inline]
    #[track_caller]
    pub(crate) const fn caller() -> Self {
        Self {
            #[cfg(any(debug_assertions, feature = "checks"))]
            place: Place::caller(),
        }
    }

    /// A place that the caller kept.
    #[inline]
    #[cfg_attr(
        not(any(debug_assertions, feature = "checks")),
        allow(unused_variables, reason = "there are no reports")
    )]
    pub(crate) const fn at(place: Place) -> Self {
        Self {
            #[cfg(any(debug_assertions, feature = "checks"))]
            place,
        }
    }

    /// The place that was kept. Where checks are off it is another one, at which nobody looks.
    #[inline]
    pub(crate) const fn place(self) -> Place {
        #[cfg(any(debug_assertions, feature = "checks"))]
        return self.place;
        #[cfg(not(any(debug_assertions, feature = "checks")))]
        Place::caller()
    }
}

impl Section {
    /// Opens a section, on the caller's behalf.
    #[inline]
    #[track_caller]
    pub fn enter() -> Self {
        Self::enter_from(Origin::caller())
    }

    #[inline]
    fn enter_from(origin: Origin) -> Self {
        ActiveBackend::start(origin.place());
        Self { _of_this_thread: [], origin }
    }

    /// Runs the closure in a section.
    #[inline]
    #[track_caller]
    pub(crate) fn run<R>(f: impl FnOnce(&mut NonBlock) -> R) -> R {
        Self::run_from(Origin::caller(), f)
    }

    /// Runs the closure in a section that begins at `origin`: on behalf of a caller that may have returned since.
    #[inline]
    pub(crate) fn run_from<R>(origin: Origin, f: impl FnOnce(&mut NonBlock) -> R) -> R {
        let _section = Self::enter_from(origin);
        f(&mut lend_non_block())
    }
}

// An empty `drop` would still lead every early exit past itself, and leave its trace in the code.
#[cfg(any(debug_assertions, feature = "checks"))]
impl Drop for Section {
    #[inline]
    fn drop(&mut self) {
        if !ActiveBackend::end() {
            report::violation(ViolationKind::UnbalancedEnd, self.origin.place());
        }
    }
}

/// Lends the right to sleep to a thread that starts with no token: a root.
///
/// The program's `main`, a thread's first function, a C callback that is known to be allowed to sleep:
/// where a call chain begins, no caller can lend a token, so this does. Everywhere else, take
/// `cx: &mut Sleepable` as an argument instead.
///
/// # Context
///
/// May sleep: the closure is lent a [`Sleepable`]. It must capture no token ([`NoToken`]), so that no
/// root grows inside a section whose token is in scope; a root called inside a section all the
/// same is seen at run time only.
///
/// # Panics
///
/// If the thread is in a section, reports [`ViolationKind::SleepInNonBlock`], which panics under the
/// default [`Policy`](crate::Policy). A panic of the closure's passes through.
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
    might_sleep();
    f(&mut lend_sleepable())
}

/// Runs the closure in a section, for code that is born non-blocking: callbacks, interrupt handlers.
///
/// Where a token is in scope, use its own [`Sleepable::non_block`] or [`NonBlock::non_block`], which keep
/// it borrowed meanwhile.
///
/// # Context
///
/// Does not sleep, and may be called from any context: inside a section it nests. The closure is lent a
/// [`NonBlock`]. It must capture no token ([`NoToken`]).
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
    Section::run(f)
}

impl Sleepable {
    /// Runs the closure in a section, in which this token cannot be used.
    ///
    /// # Context
    ///
    /// Does not sleep. `self` is borrowed until the closure returns, so nothing in it can sleep by
    /// this token; it is lent a [`NonBlock`] instead. Mirrors Linux's `non_block_start()` and
    /// `non_block_end()` (`include/linux/kernel.h`, 6.12).
    ///
    /// # Examples
    ///
    /// ```
    /// nonblock::sleepable(|cx| {
    ///     let answer = cx.non_block(|_nb| 42);
    ///     assert_eq!(answer, 42);
    /// });
    /// ```
    ///
    /// ```compile_fail,E0500
    /// # fn sleep(cx: &mut nonblock::Sleepable) {}
    /// nonblock::sleepable(|cx| {
    ///     cx.non_block(|_nb| sleep(cx));
    /// });
    /// ```
    #[inline]
    #[track_caller]
    pub fn non_block<R>(&mut self, f: impl FnOnce(&mut NonBlock) -> R) -> R {
        Section::run(f)
    }
}

impl NonBlock {
    /// Runs the closure in a section within this one. Sections nest.
    ///
    /// # Context
    ///
    /// Does not sleep. The closure is lent a [`NonBlock`] of its own; `self` is borrowed until it returns.
    ///
    /// # Examples
    ///
    /// ```
    /// let depth = nonblock::non_block(|nb| nb.non_block(|_| nonblock::raw::depth()));
    /// assert_eq!(depth, if nonblock::CHECKS { 2 } else { 0 });
    /// ```
    #[inline]
    #[track_caller]
    pub fn non_block<R>(&mut self, f: impl FnOnce(&mut NonBlock) -> R) -> R {
        Section::run(f)
    }
}

/// Lends the right to sleep inside a section: the known exception, counted and listed.
///
/// For the sleep that was looked at and found harmless, and that cannot be written otherwise today.
/// The counters are put aside for the closure, and a section opened within it counts again. Every use
/// is counted by its place and reason in [`Stats::permits`](crate::Stats::permits).
///
/// # Arguments
///
/// * `reason`: why sleeping is harmless here, in one sentence. It appears in the statistics.
///
/// # Context
///
/// May sleep, and may be called in a section: that is its purpose. The closure is lent a [`Sleepable`]. It must
/// capture no token ([`NoToken`]): a second right to sleep could go on in a section that the first one opens.
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
    permit(reason, f)
}

/// Runs the closure with the open sections put aside, whatever it captures.
#[inline]
#[track_caller]
pub(crate) fn permit<R>(reason: &'static str, f: impl FnOnce(&mut Sleepable) -> R) -> R {
    report::count_permit(reason, Place::caller());
    let _suspended = SuspendGuard::new();
    f(&mut lend_sleepable())
}
