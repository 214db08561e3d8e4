//! Threads that belong to no test, such as those of `std::thread`, and break a rule while tests run.
//!
//! Nobody can tell for which test such a thread works, so its violation is charged to every test that runs. Each of them
//! fails when it ends. But a test may wait for the thread, for ever if the thread died of the policy to panic. The thread's
//! panic message does not help then: the test harness keeps it until the test ends. So the report is written at once, past
//! the harness. If a test still runs [`PATIENCE`] later, the program is aborted. That test fails in any case, so it loses
//! nothing, and the last words name it.

use core::time::Duration;
use std::format;
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;

use super::stderr::write_unlocked;
use super::test_recorder::{self, Recorder};
use crate::violation::Violation;

/// How long a test may run on after a thread that belongs to no test died of a violation.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes the report, if this thread belongs to no test and tests run, and ends the program if one of them waits too long.
pub(super) fn before_panic(violation: &Violation) {
    if test_recorder::belongs_to_a_test() {
        return;
    }
    let waiting = test_recorder::running_tests();
    if waiting.is_empty() {
        return;
    }
    let seconds = PATIENCE.as_secs();
    write_unlocked(&format!(
        "nonblock: a thread that belongs to no test broke a rule, and panics. Each test that runs fails when it ends: \
         {}. If one waits for this thread, the program is aborted in {seconds} seconds.\n{violation}\n",
        names(&waiting)
    ));
    // Without a thread to watch them, the tests wait as long as they do.
    let _ = std::thread::Builder::new().name("nonblock watchdog".into()).spawn(move || {
        std::thread::sleep(PATIENCE);
        let still: Vec<_> = waiting.into_iter().filter(|test| test.is_open()).collect();
        if !still.is_empty() {
            write_unlocked(&format!(
                "nonblock: {} still ran {seconds} seconds after a thread died of the violation that is reported \
                 above: aborting\n",
                names(&still)
            ));
            std::process::abort();
        }
    });
}

/// The names of tests, for a message.
fn names(tests: &[Arc<Recorder>]) -> String {
    let names: Vec<_> = tests.iter().map(|test| format!("`{}`", test.name())).collect();
    names.join(", ")
}
