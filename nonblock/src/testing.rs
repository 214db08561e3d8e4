//! Tests of code that must not sleep. They can expect a violation, and fail if there is any other.

use core::fmt;
use std::eprintln;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::string::String;
use std::vec::Vec;

use crate::backend::test_recorder::{InheritedRecorders, Recorded, recorded};
use crate::check::{self, CHECKS};
use crate::lockdep;
use crate::violation::Violation;
#[cfg(all(feature = "watch", target_os = "linux"))]
use crate::watch::ReportsWaiting;

/// Runs the closure, and returns the first violation in it.
///
/// The violation is neither reported nor acted on: the closure runs to its end, as it would under
/// [`Policy::Ignore`](crate::Policy::Ignore). If the closure spawns threads by [`thread`](crate::thread), their violations
/// count too, until it returns. Others, such as the workers of a runtime, are added by [`CurrentTest`].
///
/// With the feature `lockdep`, a wait that is reported is refused, since it might never end. So there the closure ends, by
/// unwinding, as by a panic under [`Policy::Panic`](crate::Policy::Panic). A thread of [`thread`](crate::thread) ends so too; who joins
/// it then, and who waits for the end of its scope, ends likewise. Others that wait for what it would have done still wait. A circle is
/// reported at the first wait that closes it, and not again: tests of one program share what was learnt of the places in its code.
///
/// # Context
///
/// May be called anywhere. In a destructor of a thread-local value, nothing is recorded.
///
/// # Panics
///
/// If there was no violation. With checks off nothing is counted, so it always panics then. The message says so.
///
/// # Examples
///
/// ```
/// use nonblock::{ViolationKind, testing};
///
/// # if nonblock::CHECKS {
/// let violation = testing::expect_violation(|| {
///     nonblock::non_block(|_| nonblock::might_sleep());
/// });
/// assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
/// assert_eq!(violation.depth(), 1);
/// # }
/// ```
#[track_caller]
pub fn expect_violation<R>(f: impl FnOnce() -> R) -> Violation {
    // A `match`, and no closure: a panic in a closure would name this place, and not the caller.
    match violations(f).into_iter().next() {
        Some(first) => first,
        None if CHECKS => panic!("expected a violation, and there was none"),
        None => panic!(
            "expected a violation, but checks are off in this build: turn debug assertions on, or \
             nonblock's feature `checks`"
        ),
    }
}

/// Runs the closure, and returns every violation in it, in the order in which they occurred.
///
/// As [`expect_violation`], for code that breaks several rules, or may break none.
///
/// # Context
///
/// May be called anywhere.
///
/// # Examples
///
/// ```
/// let violations = nonblock::testing::violations(|| nonblock::non_block(|_| 6 * 7));
/// assert!(violations.is_empty());
/// ```
pub fn violations<R>(f: impl FnOnce() -> R) -> Vec<Violation> {
    recorded(true, until_reported(|| lockdep::until_refused(f))).1.violations
}

/// Runs the body of a test, and fails it if a rule was broken, whatever the policy.
///
/// [`#[nonblock::test]`](macro@crate::test) runs the body of a test in this.
///
/// The violations of the thread that calls this count, and those of threads that it spawned by [`thread`](crate::thread). So
/// do those of a thread that belongs to no test, such as one of `std::thread`: nobody can tell for which test it works, so they
/// count in every test that runs. ([`CurrentTest`] tells it.) (A plain `#[test]` that breaks a rule is such a thread too. Expect the violation there by
/// [`expect_violation`], or make it a `#[nonblock::test]`.) If such a thread panics by the policy, the report is written at once. The test may be
/// waiting for the thread, so the program is aborted if the test has not ended 10 seconds later.
///
/// # Context
///
/// May be called anywhere.
///
/// # Panics
///
/// If there was a violation that no [`expect_violation`] took. The message holds the reports. What happened several times is
/// there once, with its number.
///
/// # Examples
///
/// ```
/// assert_eq!(nonblock::testing::run(|| 5), 5);
/// ```
#[track_caller]
pub fn run<R>(test: impl FnOnce() -> R) -> R {
    check::check_environment();
    let (result, recorded) = recorded(false, until_reported(test));
    if let Some(message) = message(&recorded) {
        panic!("{message}");
    }
    result
}

/// As [`run`], for a test with `#[should_panic]`: a test in which a rule was broken fails by ending without a panic.
pub(crate) fn run_should_panic(test: impl FnOnce()) {
    check::check_environment();
    let test = AssertUnwindSafe(until_reported(test));
    let (outcome, recorded) = recorded(false, || catch_unwind(test));
    match (message(&recorded), outcome) {
        (None, Ok(())) => {}
        (None, Err(payload)) => resume_unwind(payload),
        // The harness shows what a test writes if the test fails.
        (Some(message), _) => eprintln!(
            "{message}\n\nBy `#[should_panic]` a panic would be a success, so this test ends without one. If it is to break a \
             rule, expect that by `expect_violation`."
        ),
    }
}

/// The test that a thread works for, to which other threads are added.
///
/// A thread of [`thread`](crate::thread) belongs to the test that spawned it. One that somebody else starts, such as a worker of a
/// runtime or of a pool, belongs to none, and no [`expect_violation`] sees what it does. Most runtimes call a function of yours on
/// each thread that they start: tokio's `on_thread_start`, rayon's `start_handler`.
///
/// # Context
///
/// Everything on it may be called anywhere outside sections: it allocates.
///
/// # Examples
///
/// ```
/// use nonblock::testing::{CurrentTest, expect_violation};
///
/// # if !nonblock::CHECKS { return }
/// let violation = expect_violation(|| {
///     let test = CurrentTest::get();
///     let worker = std::thread::spawn(move || {
///         test.add_this_thread();
///         nonblock::non_block(|_nb| nonblock::might_sleep());
///     });
///     worker.join().expect("the test takes the violation, so nothing panics");
/// });
/// assert_eq!(violation.kind(), nonblock::ViolationKind::SleepInNonBlock);
/// ```
///
/// On tokio: see the guide's [tasks in tests](crate::guide::recipes::places#tasks-in-tests).
#[derive(Clone)]
pub struct CurrentTest(InheritedRecorders);

impl CurrentTest {
    /// Returns the test that this thread works for, with the expectation that it is in: of [`run`], [`violations`] or
    /// [`expect_violation`]. Outside tests it stands for none.
    pub fn get() -> Self {
        Self(InheritedRecorders::of_this_thread())
    }

    /// Makes this thread one of the test's, and of no other's. What it does counts until the test, or its expectation, has ended.
    pub fn add_this_thread(&self) {
        self.0.clone().install();
    }
}

impl fmt::Debug for CurrentTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentTest").finish_non_exhaustive()
    }
}

/// Wraps a closure: what the watch saw in its sections is reported before it returns.
fn until_reported<R>(f: impl FnOnce() -> R) -> impl FnOnce() -> R {
    || {
        #[cfg(all(feature = "watch", target_os = "linux"))]
        let _waiting = ReportsWaiting;
        f()
    }
}

/// Writes what a test that broke a rule fails with.
fn message(Recorded { violations, stray }: &Recorded) -> Option<String> {
    let total = violations.len() + stray.len();
    if total == 0 {
        return None;
    }
    let mut message = String::new();
    // Writing to a `String` cannot fail.
    let _ = write!(message, "{total} violation(s) in this test:");
    list(&mut message, violations);
    if !stray.is_empty() {
        message.push_str(
            "\n\nOn a thread that belongs to no test, while this one ran (if this test started it, start it by \
             `nonblock::thread`):",
        );
        list(&mut message, stray);
    }
    Some(message)
}

/// Adds the reports to the message: each fault once, with the number of its violations.
fn list(message: &mut String, violations: &[Violation]) {
    let key = |violation: &Violation| {
        #[cfg(feature = "watch")]
        let fault = violation.observation().map(|observation| observation.fault);
        #[cfg(not(feature = "watch"))]
        let fault = ();
        let (place, section) = (violation.place(), violation.section_place());
        (violation.kind(), place, section, fault, violation.task().id())
    };
    for (at, violation) in violations.iter().enumerate() {
        if violations[..at].iter().any(|other| key(other) == key(violation)) {
            continue;
        }
        let times = violations[at..].iter().filter(|other| key(other) == key(violation)).count();
        let _ = write!(message, "\n\n{violation}");
        if times > 1 {
            let _ = write!(message, "\n({times} times in this test)");
        }
    }
}
