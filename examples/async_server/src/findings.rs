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

/// The crates that serve: what they do for themselves is no handler's fault.
const SERVING: [&str; 7] = ["axum", "bytes", "hyper", "hyper_util", "mio", "tokio", "tower"];

/// The allocator's functions in C: whoever allocates may call the kernel by them.
const ALLOCATOR: [&str; 5] = [
    "__GI___libc_free",
    "__GI___libc_malloc",
    "__libc_calloc",
    "__GI___libc_realloc",
    "__posix_memalign",
];

/// Notes a report: the handler of the program.
pub fn note(violation: &Violation) {
    let (path, what) = match violation.observation() {
        None => (NOBODY, format!("{:?} at {}", violation.kind(), violation.place())),
        Some(seen) => {
            let called: Vec<_> =
                seen.frames().iter().filter_map(|frame| frame.function()).collect();
            let call = seen.system_call().unwrap_or_else(|| violation.kind().name());
            match beneath(&called) {
                Some(what) => (NOBODY, format!("{call}, {what}")),
                None => (route(&called), call.to_owned()),
            }
        }
    };
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    *found.entry(path).or_default().entry(what).or_default() += 1;
}

/// The path of the handler that is among these functions.
fn route(called: &[&str]) -> &'static str {
    let handlers = ROUTES.iter();
    let mut called =
        handlers.filter(|route| called.iter().any(|function| function.contains(route.handler)));
    called.next().map_or(NOBODY, |route| route.path)
}

/// What made a call that no handler is at fault for: the allocator, or a crate that serves. The innermost function comes first.
fn beneath(called: &[&str]) -> Option<String> {
    if let Some(function) = called.iter().find(|function| ALLOCATOR.contains(function)) {
        return Some(format!("in the allocator: {}", function.trim_start_matches("__GI_")));
    }
    let of_crate = |function: &&&str| {
        let path = function.trim_start_matches(['<', '&']);
        path.contains("::")
            && !["std::", "core::", "alloc::"].iter().any(|own| path.starts_with(own))
    };
    let innermost = called.iter().find(of_crate)?;
    let name = innermost.trim_start_matches(['<', '&']).split("::").next()?;
    SERVING.contains(&name).then(|| format!("in {innermost}"))
}

/// Takes what was noted.
pub fn take() -> Findings {
    std::mem::take(&mut FOUND.lock().unwrap_or_else(PoisonError::into_inner))
}
