//! Who records a thread's violations: the tests that it works for.

use core::mem;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::vec::Vec;

use crate::violation::Violation;

/// What a test collects: the violations of its thread, and of threads that thread spawned by
/// `crate::thread`.
struct Recorder {
    /// `None` once the test has ended. A thread of the test that lives on reports like any other.
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

/// Runs the closure, and returns what it returned and the violations in it.
///
/// # Arguments
///
/// * `expected`: whether the policy is kept from acting on them.
pub(crate) fn recorded<R>(expected: bool, f: impl FnOnce() -> R) -> (R, Vec<Violation>) {
    let installed = Installed::new(expected);
    let result = f();
    let violations = installed.0.close();
    (result, violations)
}
