//! Reports: what becomes of a violation, and how often each one happened.
//!
//! A check that finds a violation calls [`violation`], which counts it by its place. If a test expects the violation, the test
//! records it, and that is all. Otherwise the program's handler is called, if there is one, and if not, the policy acts.

#[cfg(any(feature = "tokio", feature = "tracing"))]
mod async_task;
mod counter;
pub(crate) mod counts_by_place;
mod policy;
mod stats;
#[cfg(all(feature = "tracing", target_has_atomic = "ptr"))]
mod tracing;

#[cfg(feature = "lockdep")]
use crate::backend::thread_local::{PLACES, sections_began};
use crate::backend::{ActiveBackend, Backend as _, SuspendGuard};
#[cfg(feature = "lockdep")]
use crate::lock_graph::{Entered, GRAPH, Kind, with_thread};
use crate::violation::{Checker, Culprit, Place, Policy, Violation, ViolationKind};
#[cfg(feature = "lockdep")]
use crate::violation::{Held, ThreadReport, WaitReport};

pub use policy::{Handler, policy, set_handler, set_policy};
pub use stats::{Permit, Site, Stats, stats};

/// Counts a violation at a place, and reports it.
///
/// Meanwhile the sections of the thread are suspended, so that the report and a handler may sleep and lock. A violation
/// within a report is counted and not reported, so reports do not recurse. Nor is a sleep within a call that was reported
/// and lends the right to sleep: it has the same cause.
#[cold]
#[inline(never)]
#[track_caller] // So a panic names the place of the fault, and not this one.
pub(crate) fn violation(kind: ViolationKind, place: Place, checker: Checker) {
    let checker = if place.location().is_some() { checker } else { Checker::C };
    let depth = ActiveBackend::depth().unwrap_or(0);
    let has_reported_cause =
        kind == ViolationKind::SleepInNonBlock && depth <= ActiveBackend::reported_depth();
    let section = ActiveBackend::began();
    #[cfg(feature = "lockdep")]
    let sections = sections_began();
    let _suspended = SuspendGuard::new();
    stats::count_kind(kind);
    let occurrence = counts_by_place::VIOLATIONS.count(kind, place);
    if has_reported_cause {
        return;
    }
    let Some(_reporting) = ReportGuard::begin() else { return };

    let violation = Violation {
        kind,
        place,
        section,
        depth,
        culprit: Culprit::running_thread(ActiveBackend::task),
        occurrence,
        checker,
        #[cfg(any(feature = "tokio", feature = "tracing"))]
        async_task: async_task::current(),
        #[cfg(feature = "watch")]
        observation: None,
        #[cfg(feature = "lockdep")]
        thread: held(sections, None),
    };
    // Each site is written once for each section that it is reached from. After that, it is only counted.
    let was_written = || counts_by_place::WRITTEN.count((kind, section), place) > 1;
    act(&violation, true, was_written);
}

/// Reports what the watch saw in a section, after it has ended.
///
/// # Arguments
///
/// * `section`: where the section began. The violation is counted there: no place in the code is known for certain.
/// * `may_panic`: whether the policy may act by a panic. Else the violation is written: another is to follow.
/// * `was_written`: returns whether the same was written before.
#[cfg(feature = "watch")]
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn observed(
    kind: ViolationKind,
    section: Place,
    observation: std::sync::Arc<crate::violation::Observation>,
    may_panic: bool,
    was_written: impl FnOnce() -> bool,
) {
    let _suspended = SuspendGuard::new();
    stats::count_kind(kind);
    let occurrence = counts_by_place::VIOLATIONS.count(kind, section);
    let Some(_reporting) = ReportGuard::begin() else { return };
    let violation = Violation {
        kind,
        place: section,
        section: Some(section),
        depth: 1,
        culprit: Culprit::running_thread(ActiveBackend::task),
        occurrence,
        checker: if section.location().is_some() { Checker::Function } else { Checker::C },
        #[cfg(any(feature = "tokio", feature = "tracing"))]
        async_task: async_task::current(),
        observation: Some(observation),
        #[cfg(feature = "lockdep")]
        thread: held(sections_began(), None),
    };
    act(&violation, may_panic, was_written);
}

/// Reports what was found about a wait, if it is anything. The closure tells, and may allocate. Returns whether a test expected it.
#[cfg(feature = "lockdep")]
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn waiting(
    place: Place,
    found: impl FnOnce() -> Option<(ViolationKind, WaitReport)>,
) -> bool {
    about_waits(place, true, found)
}

/// As [`waiting`]. If it may not panic, what would panic is written.
#[cfg(feature = "lockdep")]
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn about_waits(
    place: Place,
    may_panic: bool,
    found: impl FnOnce() -> Option<(ViolationKind, WaitReport)>,
) -> bool {
    let depth = ActiveBackend::depth().unwrap_or(0);
    let section = ActiveBackend::began();
    #[cfg(feature = "lockdep")]
    let sections = sections_began();
    let _suspended = SuspendGuard::new();
    let Some((kind, wait)) = found() else { return false };
    stats::count_kind(kind);
    let occurrence = counts_by_place::VIOLATIONS.count(kind, place);
    let Some(_reporting) = ReportGuard::begin() else { return false };
    let violation = Violation {
        kind,
        place,
        section,
        depth,
        culprit: Culprit::running_thread(ActiveBackend::task),
        occurrence,
        checker: if place.location().is_some() { Checker::Function } else { Checker::C },
        #[cfg(any(feature = "tokio", feature = "tracing"))]
        async_task: async_task::current(),
        #[cfg(feature = "watch")]
        observation: None,
        thread: held(sections, Some(wait)),
    };
    let was_written = || counts_by_place::WRITTEN.count((kind, section), place) > 1;
    act(&violation, may_panic, was_written)
}

/// Returns what the running thread holds, with what is known of its sections and its wait. It is nothing, and allocates nothing, where
/// the thread holds nothing and has one section open at most.
#[cfg(feature = "lockdep")]
fn held(
    sections: [Option<Place>; PLACES],
    wait: Option<WaitReport>,
) -> Option<std::sync::Arc<ThreadReport>> {
    let has_inner_sections = sections.get(1).is_some_and(Option::is_some);
    with_thread(|thread| {
        if thread.is_empty() && wait.is_none() && !has_inner_sections {
            return None;
        }
        let held = thread
            .from(0)
            // That a thread will end is no news.
            .filter(|lock| !matches!(lock.kind, Kind::Thread | Kind::Scope))
            .filter_map(|lock| {
                let is_code = lock.entered == Entered::Region;
                Some(Held { class: GRAPH.name_of(lock.class)?, since: lock.since, is_code })
            });
        let sections = sections.into_iter().flatten().collect();
        Some(std::sync::Arc::new(ThreadReport { sections, held: held.collect(), wait }))
    })
}

/// Does with a violation what the test, the handler or the policy says. Returns whether a test expected it.
#[track_caller]
fn act(violation: &Violation, may_panic: bool, was_written: impl FnOnce() -> bool) -> bool {
    if ActiveBackend::record(violation) {
        return true;
    }
    #[cfg(all(feature = "tracing", target_has_atomic = "ptr"))]
    tracing::emit(violation);
    if let Some(handler) = policy::handler() {
        handler(violation);
        return false;
    }
    match policy() {
        Policy::Ignore => {}
        Policy::Warn if was_written() => {}
        Policy::Warn => ActiveBackend::write(violation),
        Policy::Abort => {
            ActiveBackend::write(violation);
            ActiveBackend::abort();
        }
        // A second panic would abort the program without a report.
        Policy::Panic if !may_panic || ActiveBackend::panicking() => {
            ActiveBackend::write(violation);
        }
        // A panic must not unwind through C.
        Policy::Panic if violation.place.location().is_none() => {
            ActiveBackend::write(violation);
            ActiveBackend::abort();
        }
        Policy::Panic => {
            ActiveBackend::before_panic(violation);
            panic!("{violation}");
        }
    }
    false
}

/// Marks that this thread is making a report, until it is dropped.
struct ReportGuard;

impl ReportGuard {
    /// Returns `None` if the thread is making a report already.
    fn begin() -> Option<Self> {
        // The guard is made only if no report is under way. The drop of a second guard would remove the mark of the first.
        ActiveBackend::begin_report().then(|| Self)
    }
}

impl Drop for ReportGuard {
    fn drop(&mut self) {
        ActiveBackend::end_report();
    }
}

/// Counts a use of `permit_sleep`.
#[inline]
pub(crate) fn count_permit(reason: &'static str, place: Place) {
    if cfg!(any(debug_assertions, feature = "checks")) {
        counts_by_place::PERMITS.count(reason, place);
    }
}
