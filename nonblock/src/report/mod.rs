//! Reports: who is told of a violation, and how often it happened.
//!
//! The way of a violation: a check finds it, [`violation`] counts its site, a test that expects it
//! takes it, or else the handler, or else the policy acts on it.

mod once_cell;
mod policy;
mod site_table;
mod stats;
#[cfg(feature = "tracing")]
mod tracing;

use crate::backend::{ActiveBackend, Backend as _, SuspendGuard};
use crate::violation::{Place, Policy, Violation, ViolationKind};

pub use policy::{Handler, policy, set_handler, set_policy};
pub use stats::{Permit, Site, Stats, stats};

/// Counts a violation at a place, and reports it.
///
/// While it does, the thread's sections are put aside, so that the reporter and a handler may take
/// what they need; a violation of theirs is counted and not reported, so reports do not recurse.
#[cold]
#[inline(never)]
#[track_caller] // A panic then names the place of the fault, not this one.
pub(crate) fn violation(kind: ViolationKind, place: Place) {
    let depth = ActiveBackend::depth().unwrap_or(0);
    let section = ActiveBackend::began();
    let _suspended = SuspendGuard::new();
    stats::count_kind(kind);
    let occurrence = site_table::VIOLATIONS.count(kind, place);
    let Some(_reporting) = Reporting::begin() else { return };

    let violation =
        Violation { kind, place, section, depth, task: ActiveBackend::task(), occurrence };
    if ActiveBackend::record(&violation) {
        return;
    }
    #[cfg(feature = "tracing")]
    tracing::emit(&violation);
    if let Some(handler) = policy::handler() {
        handler(&violation);
        return;
    }
    match policy() {
        Policy::Ignore => {}
        // A site that was reported once is counted only.
        Policy::Warn if occurrence > 1 => {}
        Policy::Warn => ActiveBackend::write(&violation),
        Policy::Abort => {
            ActiveBackend::write(&violation);
            ActiveBackend::abort();
        }
        // A second panic would abort the program in place of the report.
        Policy::Panic if ActiveBackend::panicking() => ActiveBackend::write(&violation),
        // C cannot be unwound through.
        Policy::Panic if place.location().is_none() => {
            ActiveBackend::write(&violation);
            ActiveBackend::abort();
        }
        Policy::Panic => panic!("{violation}"),
    }
}

/// The mark that this thread is making a report.
struct Reporting;

impl Reporting {
    fn begin() -> Option<Self> {
        // Made only if it begins: a value made and dropped here would take the outer report's mark away.
        ActiveBackend::begin_report().then(|| Self)
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        ActiveBackend::end_report();
    }
}

/// Counts a use of `permit_sleep`.
#[inline]
pub(crate) fn count_permit(reason: &'static str, place: Place) {
    if cfg!(any(debug_assertions, feature = "checks")) {
        site_table::PERMITS.count(reason, place);
    }
}
