//! Finds a test that the harness runs twice.

use core::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::testing;

/// Whether the harness has run a test already.
///
/// Where `#[test]`, or an attribute that writes it, stands before `#[nonblock::test]`, there are two tests of the same name. No
/// macro can see that: the first attribute has gone when the second is expanded. So the second run fails.
#[derive(Debug)]
pub struct TestRuns {
    module: &'static str,
    name: &'static str,
    has_run: AtomicBool,
}

impl TestRuns {
    #[must_use]
    pub const fn new(module: &'static str, name: &'static str) -> Self {
        Self { module, name, has_run: AtomicBool::new(false) }
    }

    /// Runs the test.
    ///
    /// # Panics
    ///
    /// If the harness has run it already. It gives each test a thread of the test's name. A call by other code does not count,
    /// and with one thread for all tests no run does.
    #[track_caller]
    pub fn run<R>(&self, test: impl FnOnce() -> R) -> R {
        self.check();
        testing::run(test)
    }

    /// As [`run`](Self::run), for a test with `#[should_panic]`.
    ///
    /// # Panics
    ///
    /// If the test does, unless a rule was broken: then it fails by ending without a panic. A second run is a success.
    #[track_caller]
    pub fn run_should_panic(&self, test: impl FnOnce()) {
        self.check();
        testing::run_should_panic(test);
    }

    #[track_caller]
    fn check(&self) {
        if self.is_run_by_harness() && self.has_run.swap(true, Ordering::Relaxed) {
            let name = self.name;
            panic!(
                "the harness runs `{name}` twice, as two attributes make it a test: remove `#[test]`; \
                 and write `#[nonblock::test]` before attributes such as `#[test_case]` and `#[rstest]`"
            );
        }
    }

    fn is_run_by_harness(&self) -> bool {
        // The harness leaves the crate's name out.
        let path = self.module.split_once("::").map_or("", |(_, path)| path);
        let current = thread::current();
        let Some(module) = current.name().and_then(|name| name.strip_suffix(self.name)) else {
            return false;
        };
        module.strip_suffix("::").unwrap_or(module) == path
    }
}
