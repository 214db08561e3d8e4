//! The recorders of a thread: each collects the thread's violations for a test.

use core::mem;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::vec::Vec;

use crate::violation::Violation;

/// Collects the violations of a test: those of the test's thread, and those of threads that it spawned by
/// `crate::thread`.
struct Recorder {
    /// `None` once the test has ended. A thread of the test that lives longer reports as any other thread does.
    violations: Mutex<Option<Vec<Violation>>>,
    /// Whether the test expects violations, so that the policy must not act on them.
    expected: bool,
}

std::thread_local! {
    /// The recorders of this thread, the innermost last.
    static RECORDERS: RefCell<Vec<Arc<Recorder>>> = const { RefCell::new(Vec::new()) };
}

impl Recorder {
    /// Records a violation, and returns `true`, unless the test has ended.
    fn push(&self, violation: &Violation) -> bool {
        let mut violations = self.violations.lock().unwrap_or_else(PoisonError::into_inner);
        violations.as_mut().map(|violations| violations.push(violation.clone())).is_some()
    }

    /// Ends the recording, and returns what was recorded.
    fn close(&self) -> Vec<Violation> {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

/// Hands a violation to the innermost recorder that is open. Returns whether the test expects violations.
pub(crate) fn record(violation: &Violation) -> bool {
    // A thread that is being torn down has no recorders any more.
    let recorders = RECORDERS.try_with(|recorders| recorders.borrow().clone()).unwrap_or_default();
    let recorded_by = recorders.iter().rev().find(|recorder| recorder.push(violation));
    recorded_by.is_some_and(|recorder| recorder.expected)
}

/// The recorders that a new thread gets from the thread that spawns it.
pub(crate) struct InheritedRecorders(Vec<Arc<Recorder>>);

impl InheritedRecorders {
    pub(crate) fn of_this_thread() -> Self {
        // A thread that is being torn down has no recorders any more, and may still spawn other threads.
        Self(RECORDERS.try_with(|recorders| recorders.borrow().clone()).unwrap_or_default())
    }

    pub(crate) fn install(self) {
        RECORDERS.set(self.0);
    }
}

/// Keeps a recorder installed on this thread until it is dropped, by unwinding too. Then it closes the recorder.
struct RecorderGuard(Arc<Recorder>);

impl RecorderGuard {
    fn new(expected: bool) -> Self {
        let violations = Mutex::new(Some(Vec::new()));
        let recorder = Arc::new(Recorder { violations, expected });
        // On a thread that is being torn down, nothing is recorded.
        let _ = RECORDERS.try_with(|recorders| {
            reserve_one(recorders);
            recorders.borrow_mut().push(Arc::clone(&recorder));
        });
        Self(recorder)
    }
}

/// Makes room for one more recorder.
///
/// Nothing is allocated or released while the recorders are borrowed: the allocator itself may report a violation.
fn reserve_one(recorders: &RefCell<Vec<Arc<Recorder>>>) {
    let mut more = Vec::with_capacity(recorders.borrow().len() + 1);
    let mut recorders = recorders.borrow_mut();
    more.append(&mut recorders);
    mem::swap(&mut *recorders, &mut more);
    drop(recorders);
}

impl Drop for RecorderGuard {
    fn drop(&mut self) {
        self.0.close();
        let _ = RECORDERS.try_with(|recorders| recorders.borrow_mut().pop());
    }
}

/// Runs the closure. Returns what the closure returned, and the violations in it.
///
/// # Arguments
///
/// * `expected`: whether violations are expected, so that the policy must not act on them.
pub(crate) fn recorded<R>(expected: bool, f: impl FnOnce() -> R) -> (R, Vec<Violation>) {
    let recorder = RecorderGuard::new(expected);
    let result = f();
    let violations = recorder.0.close();
    (result, violations)
}
