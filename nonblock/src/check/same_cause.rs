//! Calls that lend a `Sleepable` and were reported: what sleeps within them has the same cause.

use crate::backend;
#[cfg(any(debug_assertions, feature = "checks"))]
use crate::backend::{ActiveBackend, Backend as _};
use crate::report;
use crate::violation::{Checker, Place, ViolationKind};
#[cfg(all(feature = "watch", target_os = "linux"))]
use crate::watch::ReportsWaiting;

/// A call that lends the right to sleep, from its check until this guard is dropped, by unwinding too.
///
/// If the check found a section, the call was reported. Whatever it calls may sleep by the token that it lent, so that is
/// the same mistake: it is counted, and not reported again.
#[must_use = "what is called after this guard is dropped is reported on its own"]
#[derive(Debug)]
pub(crate) struct ReportedCall {
    /// The depth that was marked as reported before. `None` if this call was not reported.
    #[cfg(any(debug_assertions, feature = "checks"))]
    marked_before: Option<u32>,
}

/// A root, from its check until this guard is dropped, by unwinding too.
#[must_use = "the root ends when this guard is dropped"]
#[derive(Debug)]
pub(crate) struct Root {
    _call: ReportedCall,
    /// The thread may have no other section.
    #[cfg(all(feature = "watch", target_os = "linux"))]
    _waiting: ReportsWaiting,
}

impl Root {
    #[inline]
    #[track_caller]
    fn begin(checker: Checker) -> Self {
        #[cfg(feature = "std")]
        super::check_environment();
        Self {
            _call: begin(checker),
            #[cfg(all(feature = "watch", target_os = "linux"))]
            _waiting: ReportsWaiting,
        }
    }
}

/// States that a root may sleep here, as [`might_sleep`](crate::might_sleep()).
#[inline]
#[track_caller]
pub(crate) fn root() -> Root {
    Root::begin(Checker::Root)
}

/// As [`root`], for a token that an attribute binds.
#[inline]
#[track_caller]
pub(crate) fn bind() -> Root {
    Root::begin(Checker::Binding)
}

#[inline]
#[track_caller]
pub(super) fn begin(checker: Checker) -> ReportedCall {
    begin_at(checker, Place::caller())
}

/// As [`begin`], for a call at another place.
#[inline]
pub(super) fn begin_at(checker: Checker, place: Place) -> ReportedCall {
    let mut call = ReportedCall {
        #[cfg(any(debug_assertions, feature = "checks"))]
        marked_before: None,
    };
    if backend::in_section() == Some(true) {
        call.report(checker, place);
    }
    call
}

impl ReportedCall {
    #[cold]
    #[inline(never)]
    fn report(&mut self, checker: Checker, place: Place) {
        report::violation(ViolationKind::SleepInNonBlock, place, checker);
        #[cfg(any(debug_assertions, feature = "checks"))]
        if let Some(depth) = ActiveBackend::depth() {
            self.marked_before = Some(ActiveBackend::mark_reported(depth));
        }
    }
}

// Where checks are off, there is no `drop`: see `Section`.
#[cfg(any(debug_assertions, feature = "checks"))]
impl Drop for ReportedCall {
    #[inline]
    fn drop(&mut self) {
        if let Some(depth) = self.marked_before {
            ActiveBackend::mark_reported(depth);
        }
    }
}
