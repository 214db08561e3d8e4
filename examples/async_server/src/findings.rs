//! What was reported, by the handler in which it happened.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use nonblock::Violation;

use crate::handlers::ROUTES;

/// By the path of the handler, or of nobody; then by what was found.
pub type Findings = BTreeMap<&'static str, BTreeMap<String, usize>>;

/// Where a report belongs that no handler is in.
pub const NOBODY: &str = "no handler";

static FOUND: Mutex<Findings> = Mutex::new(Findings::new());

/// Notes a report: the handler of the program.
pub fn note(violation: &Violation) {
    let (path, what) = match violation.observation() {
        None => (NOBODY, format!("{:?} at {}", violation.kind(), violation.place())),
        Some(seen) => {
            let called = seen.frames().iter().filter_map(|frame| frame.function());
            let route = called
                .clone()
                .find_map(|function| ROUTES.iter().find(|route| function.contains(route.handler)));
            let call = seen.system_call().unwrap_or_else(|| violation.kind().name()).to_owned();
            match route {
                Some(route) => (route.path, call),
                // The innermost functions say what it was.
                None => {
                    let inner: Vec<_> = called.take(6).collect();
                    (NOBODY, format!("{call} by {}", inner.join(" < ")))
                }
            }
        }
    };
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    *found.entry(path).or_default().entry(what).or_default() += 1;
}

/// Takes what was noted.
pub fn take() -> Findings {
    std::mem::take(&mut FOUND.lock().unwrap_or_else(PoisonError::into_inner))
}
