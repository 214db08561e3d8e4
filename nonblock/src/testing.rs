//! Tests of code that must not sleep: a violation that is expected, and tests that fail of any other.

use std::fmt::Write as _;
use std::string::String;
use std::vec::Vec;

use crate::backend::recorder::recorded;
use crate::check::CHECKS;
use crate::violation::Violation;

/// Runs the closure and returns the first violation in it.
///
/// The violation is neither reported nor acted on: the closure runs to its end, as it would under
/// [`Policy::Ignore`](crate::Policy::Ignore). Violations of threads that it spawns by
/// [`thread`](crate::thread) count as its own, until it returns.
///
/// # Context
///
/// May be called anywhere. In a destructor of the thread's locals nothing is recorded.
///
/// # Panics
///
/// If nothing was violated. With checks off nothing is counted, so it always panics then, and says so.
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
    // Not a closure: a panic in one would name this place, not the caller's.
    match violations(f).into_iter().next() {
        Some(first) => first,
        None if CHECKS => panic!("expected a violation, and there was none"),
        None => panic!(
            "expected a violation, but checks are off in this build: turn debug assertions on, or \
             nonblock's feature `checks`"
        ),
    }
}

/// Runs the closure and returns every violation in it, in the order in which they occurred.
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
    recorded(true, f).1
}

/// Runs the body of a test, and fails it if a rule was broken, whatever the policy.
///
/// This is what [`#[nonblock::test]`](macro@crate::test) wraps a test's body in.
///
/// # Context
///
/// May be called anywhere.
///
/// # Panics
///
/// If there was a violation that no [`expect_violation`] took; the message holds the reports.
///
/// # Examples
///
/// ```
/// assert_eq!(nonblock::testing::run(|| 5), 5);
/// ```
#[track_caller]
pub fn run<R>(test: impl FnOnce() -> R) -> R {
    let (result, violations) = recorded(false, test);
    if !violations.is_empty() {
        let mut reports = String::new();
        for violation in &violations {
            // Writing to a `String` cannot fail.
            let _ = write!(reports, "\n\n{violation}");
        }
        panic!("{} violation(s) in this test:{reports}", violations.len());
    }
    result
}
