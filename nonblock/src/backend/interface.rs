//! The trait that every backend implements.

use crate::violation::{Place, Policy, Task, Violation};

/// Where the counters of a platform live, and how it reports.
///
/// Each function is called on the thread (or CPU, or task) that it is about. An implementation may leave out the functions
/// that have a body here.
///
/// # Context
///
/// Every function may be called anywhere: in sections, and while user code holds locks. None may sleep but `write`: the
/// sections are suspended while it runs.
///
/// # Safety
///
/// Unsafe code, also in other crates, may rely on the count: where it is not zero, a section is open. So:
///
/// * The implementation keeps one count for each thread of execution. Only `start`, `end`, `suspend` and `resume` change it, on
///   that thread and as each of them says. An interrupt leaves it as it found it.
/// * `write` may unwind, and no other function may.
/// * No function calls back into this crate, except by the methods of what it is given.
///
/// # Examples
///
/// [The module](super) shows a whole backend.
pub unsafe trait Backend {
    /// Opens a section that begins at `place`.
    fn start(place: Place);

    /// Closes the innermost section. If none is open, returns `false`, and leaves the count at zero.
    fn end() -> bool;

    /// Returns how many sections are open, or `None` if this platform keeps no count.
    ///
    /// A Linux kernel without `CONFIG_DEBUG_ATOMIC_SLEEP` keeps none.
    fn depth() -> Option<u32>;

    /// Returns where the outermost open section began, if the platform remembers it.
    fn began() -> Option<Place> {
        None
    }

    /// Suspends the open sections: the depth is zero afterwards.
    fn suspend() -> Suspended;

    /// Resumes the sections that `suspend` suspended.
    ///
    /// Sections that were opened in between may still be open. They stay open, and count too. For instance, a spin lock can
    /// be taken while the sections are suspended, and its guard kept.
    fn resume(suspended: Suspended);

    /// Names the running thread, for reports.
    fn task() -> Task {
        Task::UNKNOWN
    }

    /// Writes a report out, with what the platform can add to it, such as a backtrace.
    ///
    /// It must take no lock that user code can hold.
    fn write(violation: &Violation);

    /// Ends the program, for [`Policy::Abort`].
    fn abort() -> !;

    /// Returns whether this thread is unwinding. A report must not panic then.
    fn panicking() -> bool {
        false
    }

    /// Returns the policy that holds until code sets another.
    fn initial_policy() -> Policy {
        Policy::Panic
    }

    /// Marks that this thread is making a report. Returns `false` if it was making one already.
    ///
    /// If a backend leaves this out, and a [`Handler`](crate::Handler) itself breaks a rule, the handler is called within
    /// itself, again and again.
    fn begin_report() -> bool {
        true
    }

    /// Removes the mark that `begin_report` set.
    fn end_report() {}

    /// Is told of a violation of which this thread is about to panic, by [`Policy::Panic`].
    fn before_panic(violation: &Violation) {
        let _ = violation;
    }

    /// Marks that a call was reported which lends the right to sleep, at this depth or above, until it is marked otherwise.
    /// Returns the depth that was marked before, zero at first.
    ///
    /// What sleeps within such a call has the same cause, so it is counted only. If a backend leaves this out, it is reported
    /// too. A mark belongs to its thread, as the count does.
    fn mark_reported(depth: u32) -> u32 {
        let _ = depth;
        0
    }

    /// Returns the depth that `mark_reported` marked, zero at first.
    fn reported_depth() -> u32 {
        0
    }

    /// Hands a violation to a test that expects it. Returns `true` if the policy is not to act on the violation.
    fn record(violation: &Violation) -> bool {
        let _ = violation;
        false
    }
}

/// The sections of a thread that [`Backend::suspend`] suspended, for [`Backend::resume`].
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// [The module](super) shows a backend that makes one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Suspended {
    /// How many sections were open.
    pub depth: u32,
    /// Where the outermost one began, if the platform remembers it.
    pub began: Option<Place>,
}
