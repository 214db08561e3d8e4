//! Sections: the guard that counts one while it is open, and the tokens' methods that open one.

use crate::backend::{ActiveBackend, Backend as _};
use crate::report;
use crate::token::{NonBlock, Sleepable, lend_non_block};
use crate::violation::{Checker, Place, ViolationKind};
#[cfg(feature = "watch")]
use crate::watch;

/// An open section. It is counted until this guard is dropped, by unwinding too.
#[must_use = "the section ends when this guard is dropped: bind it to a name, since `let _` ends it too"]
#[derive(Debug)]
pub struct Section {
    // For the report if the section was ended before this is dropped.
    #[cfg_attr(
        not(any(debug_assertions, feature = "checks")),
        expect(dead_code, reason = "there are no reports")
    )]
    call_site: CallSite,
    // Lent for as long as this is borrowed. By it the section is neither `Send` nor `Sync`: no other thread may end it.
    token: NonBlock,
}

/// The place of a call, kept for reports. It is empty where checks are off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallSite {
    #[cfg(any(debug_assertions, feature = "checks"))]
    place: Place,
}

impl CallSite {
    /// Returns the place where the calling function was called.
    #[inline]
    #[track_caller]
    pub(crate) const fn caller() -> Self {
        Self {
            #[cfg(any(debug_assertions, feature = "checks"))]
            place: Place::caller(),
        }
    }

    /// Wraps a place that the caller has kept.
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

    /// Returns the place. Where checks are off, nothing was kept, and it returns some other place that nobody looks at.
    #[inline]
    pub(crate) const fn place(self) -> Place {
        #[cfg(any(debug_assertions, feature = "checks"))]
        return self.place;
        #[cfg(not(any(debug_assertions, feature = "checks")))]
        Place::caller()
    }
}

impl Section {
    /// Opens a section that begins at the caller.
    #[inline]
    #[track_caller]
    pub fn enter() -> Self {
        Self::enter_at(CallSite::caller())
    }

    #[inline]
    fn enter_at(call_site: CallSite) -> Self {
        ActiveBackend::start(call_site.place());
        Self { call_site, token: lend_non_block() }
    }

    /// Lends the token of the section.
    #[cfg(feature = "lock_api")]
    #[inline]
    pub(crate) const fn token(&mut self) -> &mut NonBlock {
        &mut self.token
    }

    /// Runs the closure in a section that begins at the caller.
    #[inline]
    #[track_caller]
    pub(crate) fn run<R>(f: impl FnOnce(&mut NonBlock) -> R) -> R {
        Self::run_at(CallSite::caller(), f)
    }

    /// Runs the closure in a section that begins at `call_site`. The call may have returned since.
    #[inline]
    pub(crate) fn run_at<R>(call_site: CallSite, f: impl FnOnce(&mut NonBlock) -> R) -> R {
        let mut section = Self::enter_at(call_site);
        f(&mut section.token)
    }
}

// Where checks are off, there is no `drop`: even an empty one would leave its trace in the code of every early exit.
#[cfg(any(debug_assertions, feature = "checks"))]
impl Drop for Section {
    #[inline]
    fn drop(&mut self) {
        if !ActiveBackend::end() {
            ended_oddly(self.call_site.place());
        }
    }
}

/// Reports what the watch saw in a section that has ended, or else that there was no section to end.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn ended_oddly(place: Place) {
    #[cfg(feature = "watch")]
    if watch::report_section() {
        return;
    }
    report::violation(ViolationKind::UnbalancedEnd, place, Checker::Function);
}

impl Sleepable {
    /// Runs the closure in a section, in which this token cannot be used.
    ///
    /// # Context
    ///
    /// Does not sleep. `self` is borrowed until the closure returns, so the closure cannot sleep with this token. It is lent a
    /// [`NonBlock`] instead. Mirrors Linux's `non_block_start()` and `non_block_end()` (`include/linux/kernel.h`, 6.12).
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
    /// Runs the closure in another section, within this one.
    ///
    /// # Context
    ///
    /// Does not sleep. The closure is lent a [`NonBlock`] of its own, and `self` is borrowed until it returns.
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
