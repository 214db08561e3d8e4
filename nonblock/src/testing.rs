//! Tests of code that must not sleep. They can expect a violation, and fail if there is any other.

use std::fmt::Write as _;
use std::string::String;
use std::vec::Vec;

use crate::backend::test_recorder::recorded;
use crate::check::CHECKS;
use crate::violation::Violation;

/// Runs the closure, and returns the first violation in it.
///
/// The violation is neither reported nor acted on: the closure runs to its end, as it would under
/// [`Policy::Ignore`](crate::Policy::Ignore). If the closure spawns threads by [`thread`](crate::thread), their violations
/// count too, until it returns.
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
    recorded(true, f).1
}

/// Runs the body of a test, and fails it if a rule was broken, whatever the policy.
///
/// [`#[nonblock::test]`](macro@crate::test) runs the body of a test in this.
///
/// # Context
///
/// May be called anywhere.
///
/// # Panics
///
/// If there was a violation that no [`expect_violation`] took. The message holds the reports.
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
