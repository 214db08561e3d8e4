//! The recorders of a thread: each collects the thread's violations for a test.

use core::mem;
#[cfg(feature = "lockdep")]
use core::sync::atomic::AtomicBool;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::cell::RefCell;
use std::string::String;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use crate::violation::Violation;

/// Collects the violations of a test: those of the test's thread, and those of threads that it spawned by
/// `crate::thread`.
pub(super) struct Recorder {
    /// `None` once the test has ended. A thread of the test that lives longer reports as any other thread does.
    recorded: Mutex<Option<Recorded>>,
    /// Whether the test expects violations, so that the policy must not act on them.
    expected: bool,
    /// Whether a wait was refused, as it was reported.
    #[cfg(feature = "lockdep")]
    has_refused: AtomicBool,
    /// The name of the test's thread. The test harness names it after the test.
    name: String,
}

/// What was recorded for a test.
#[derive(Default)]
pub(crate) struct Recorded {
    /// The violations of the test's threads.
    pub(crate) violations: Vec<Violation>,
    /// The violations of threads that belong to no test, while this one ran.
    pub(crate) stray: Vec<Violation>,
}

std::thread_local! {
    /// The recorders of this thread, the innermost last.
    static RECORDERS: RefCell<Vec<Arc<Recorder>>> = const { RefCell::new(Vec::new()) };
}

impl Recorder {
    /// Records a violation, and returns `true`, unless the test has ended.
    fn push(&self, violation: &Violation) -> bool {
        self.open().as_mut().map(|recorded| recorded.violations.push(violation.clone())).is_some()
    }

    /// Records a violation of a thread that belongs to no test.
    fn push_stray(&self, violation: &Violation) {
        if let Some(recorded) = self.open().as_mut() {
            recorded.stray.push(violation.clone());
        }
    }

    /// Ends the recording, and returns what was recorded.
    fn close(&self) -> Recorded {
        self.open().take().unwrap_or_default()
    }

    /// Returns whether the test has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.open().is_some()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> MutexGuard<'_, Option<Recorded>> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands a violation to the innermost recorder that is open. If there is none, charges it to every test that runs. Returns
/// whether the test expects violations.
pub(crate) fn record(violation: &Violation) -> bool {
    if OPEN.load(Ordering::Acquire) == 0 {
        return false;
    }
    // A thread that is being torn down has no recorders any more.
    let recorders = RECORDERS.try_with(|recorders| recorders.borrow().clone()).unwrap_or_default();
    let recorded_by = recorders.iter().rev().find(|recorder| recorder.push(violation));
    if recorded_by.is_none() {
        charge_running(violation);
    }
    recorded_by.is_some_and(|recorder| recorder.expected)
}

/// Returns whether a test that has not ended records what this thread does.
pub(super) fn belongs_to_a_test() -> bool {
    let recorders = RECORDERS.try_with(|recorders| recorders.borrow().clone()).unwrap_or_default();
    recorders.iter().any(|recorder| recorder.is_open())
}

/// Notes that a wait of this thread was refused, for the test that expected its report.
#[cfg(feature = "lockdep")]
pub(crate) fn set_refused() {
    if let Some(recorder) = innermost() {
        recorder.has_refused.store(true, Ordering::Relaxed);
    }
}

/// Returns whether a wait was refused in the test that this thread works for.
#[cfg(feature = "lockdep")]
pub(crate) fn was_refused() -> bool {
    // Most threads have no list of recorders: its first use on a thread allocates.
    OPEN.load(Ordering::Acquire) != 0
        && innermost().is_some_and(|recorder| recorder.has_refused.load(Ordering::Relaxed))
}

/// Returns the innermost recorder that is open.
#[cfg(feature = "lockdep")]
fn innermost() -> Option<Arc<Recorder>> {
    let recorders = RECORDERS.try_with(|recorders| recorders.borrow().clone()).unwrap_or_default();
    recorders.into_iter().rev().find(|recorder| recorder.is_open())
}

/// The recorders of a thread, for another one: mostly a new one that it spawns.
#[derive(Clone)]
pub(crate) struct InheritedRecorders(Vec<Arc<Recorder>>);

impl InheritedRecorders {
    pub(crate) fn of_this_thread() -> Self {
        // A thread that is being torn down has no recorders any more, and may still spawn other threads.
        Self(RECORDERS.try_with(|recorders| recorders.borrow().clone()).unwrap_or_default())
    }

    pub(crate) fn install(self) {
        // What was there is released when nothing is borrowed any more: the allocator itself may report a violation.
        let _before = RECORDERS.try_with(|recorders| recorders.replace(self.0));
    }
}

/// How many recorders are open. In a program without tests no thread makes a list of recorders, whose first use on a thread
/// allocates.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// The tests that run.
static TESTS: Mutex<Vec<Arc<Recorder>>> = Mutex::new(Vec::new());

/// How many tests run, so that a violation in a program without tests takes no lock.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

fn tests() -> MutexGuard<'static, Vec<Arc<Recorder>>> {
    TESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the tests that run. Only a report calls it: within one, a violation of the allocator is not reported.
pub(super) fn running_tests() -> Vec<Arc<Recorder>> {
    if RUNNING.load(Ordering::Acquire) == 0 { Vec::new() } else { tests().clone() }
}

/// Adds a test to those that run.
fn add_running(test: &Arc<Recorder>) {
    let mut test = Some(Arc::clone(test));
    // Nothing is allocated or released while the lock is held: the allocator itself may report a violation.
    while test.is_some() {
        let mut more = Vec::with_capacity(tests().len() + 4);
        let mut tests = tests();
        if tests.len() < more.capacity() {
            more.append(&mut tests);
            more.extend(test.take());
            mem::swap(&mut *tests, &mut more);
        }
        drop(tests);
    }
    RUNNING.fetch_add(1, Ordering::Release);
}

/// Takes a test off those that run.
fn remove_running(test: &Arc<Recorder>) {
    let mut tests = tests();
    let at = tests.iter().position(|other| Arc::ptr_eq(other, test));
    let removed = at.map(|at| tests.swap_remove(at));
    drop(tests);
    if removed.is_some() {
        RUNNING.fetch_sub(1, Ordering::Release);
    }
}

/// Charges a violation of a thread that belongs to no test to every test that runs.
fn charge_running(violation: &Violation) {
    for test in running_tests() {
        test.push_stray(violation);
    }
}

/// Keeps a recorder installed on this thread until it is dropped, by unwinding too. Then it closes the recorder.
struct RecorderGuard(Arc<Recorder>);

impl RecorderGuard {
    fn new(expected: bool) -> Self {
        let name = std::thread::current().name().unwrap_or("?").into();
        let empty = Mutex::new(Some(Recorded::default()));
        let recorder = Arc::new(Recorder {
            recorded: empty,
            expected,
            #[cfg(feature = "lockdep")]
            has_refused: AtomicBool::new(false),
            name,
        });
        OPEN.fetch_add(1, Ordering::Release);
        // On a thread that is being torn down, nothing is recorded.
        let is_installed = RECORDERS.try_with(|recorders| {
            reserve_one(recorders);
            recorders.borrow_mut().push(Arc::clone(&recorder));
        });
        let guard = Self(recorder);
        if is_installed.is_ok() && !expected {
            add_running(&guard.0);
        }
        guard
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
        if !self.0.expected {
            remove_running(&self.0);
        }
        self.0.close();
        OPEN.fetch_sub(1, Ordering::Release);
        // It is the last one, unless the thread has joined another test meanwhile. Others have it too, so nothing is released.
        let _ = RECORDERS.try_with(|recorders| {
            recorders.borrow_mut().retain(|other| !Arc::ptr_eq(other, &self.0));
        });
    }
}

/// Runs the closure. Returns what the closure returned, and what was recorded in it.
///
/// # Arguments
///
/// * `expected`: whether violations are expected, so that the policy must not act on them.
pub(crate) fn recorded<R>(expected: bool, f: impl FnOnce() -> R) -> (R, Recorded) {
    let guard = RecorderGuard::new(expected);
    let result = f();
    let recorded = guard.0.close();
    (result, recorded)
}
