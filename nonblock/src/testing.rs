//! Tests of code that must not sleep: a violation that is expected, and tests that fail of any other.

use core::mem;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::string::String;
use std::sync::{Arc, Mutex, PoisonError};
use std::vec::Vec;

use crate::report::Violation;

/// What a test collects: the violations of its thread, and of threads that thread spawned by
/// [`thread`](crate::thread).
struct Recorder {
    /// `None` once the test has ended: a thread of its that lives on reports as any other.
    violations: Mutex<Option<Vec<Violation>>>,
    /// Whether the policy is kept from acting on what is recorded.
    expected: bool,
}

std::thread_local! {
    /// The recorders in force on this thread, the innermost last.
    static RECORDERS: RefCell<Vec<Arc<Recorder>>> = const { RefCell::new(Vec::new()) };
}

impl Recorder {
    /// Takes a violation, unless the test has ended.
    fn take(&self, violation: &Violation) -> bool {
        let mut violations = self.violations.lock().unwrap_or_else(PoisonError::into_inner);
        violations.as_mut().map(|violations| violations.push(violation.clone())).is_some()
    }

    /// Ends the recording, and returns what was recorded.
    fn close(&self) -> Vec<Violation> {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

/// Hands a violation to the innermost recorder that is open; says whether the test expects it.
pub(crate) fn record(violation: &Violation) -> bool {
    // A thread that is being torn down has no recorder any more.
    let recorders = RECORDERS.try_with(|recorders| recorders.borrow().clone()).unwrap_or_default();
    let taker = recorders.iter().rev().find(|recorder| recorder.take(violation));
    taker.is_some_and(|recorder| recorder.expected)
}

/// The recorders of a thread, for one that it spawns.
pub(crate) struct Inherited(Vec<Arc<Recorder>>);

impl Inherited {
    pub(crate) fn of_this_thread() -> Self {
        // A thread that is being torn down has none any more, and may still start others.
        Self(RECORDERS.try_with(|recorders| recorders.borrow().clone()).unwrap_or_default())
    }

    pub(crate) fn install(self) {
        RECORDERS.set(self.0);
    }
}

/// Takes the recorder off again when dropped, by unwinding too, and closes it.
struct Installed(Arc<Recorder>);

impl Installed {
    fn new(expected: bool) -> Self {
        let violations = Mutex::new(Some(Vec::new()));
        let recorder = Arc::new(Recorder { violations, expected });
        // A thread that is being torn down runs on unrecorded.
        let _ = RECORDERS.try_with(|recorders| {
            make_room(recorders);
            recorders.borrow_mut().push(Arc::clone(&recorder));
        });
        Self(recorder)
    }
}

/// Makes room for one more recorder.
///
/// Nothing is allocated or released while they are borrowed: the allocator may have something to report.
fn make_room(recorders: &RefCell<Vec<Arc<Recorder>>>) {
    let mut more = Vec::with_capacity(recorders.borrow().len() + 1);
    let mut recorders = recorders.borrow_mut();
    more.append(&mut recorders);
    mem::swap(&mut *recorders, &mut more);
    drop(recorders);
}

impl Drop for Installed {
    fn drop(&mut self) {
        self.0.close();
        let _ = RECORDERS.try_with(|recorders| recorders.borrow_mut().pop());
    }
}

fn recorded<R>(expected: bool, f: impl FnOnce() -> R) -> (R, Vec<Violation>) {
    let installed = Installed::new(expected);
    let result = f();
    let violations = installed.0.close();
    (result, violations)
}

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
        None if crate::CHECKS => panic!("expected a violation, and there was none"),
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
