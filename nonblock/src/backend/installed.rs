//! The backend that another crate installed with `set_backend!`, found by its symbol.

use super::{Backend, Installed, Suspended};
use crate::violation::{Place, Policy, Task, Violation};

// Only `set_backend!` defines the symbol, as a static of this type, so it is safe to read.
unsafe extern "Rust" {
    #[link_name = "nonblock_needs_exactly_one_backend__feature_std_or_set_backend"]
    safe static TABLE: Installed;
}

/// Calls through the installed table.
#[derive(Debug)]
pub(crate) struct Linked;

// SAFETY: every function is that of the installed backend, which keeps the contract.
unsafe impl Backend for Linked {
    fn start(place: Place) {
        (TABLE.start)(place);
    }

    fn end() -> bool {
        (TABLE.end)()
    }

    fn depth() -> Option<u32> {
        (TABLE.depth)()
    }

    fn began() -> Option<Place> {
        (TABLE.began)()
    }

    fn suspend() -> Suspended {
        (TABLE.suspend)()
    }

    fn resume(suspended: Suspended) {
        (TABLE.resume)(suspended);
    }

    fn task() -> Task {
        (TABLE.task)()
    }

    fn write(violation: &Violation) {
        (TABLE.write)(violation);
    }

    fn abort() -> ! {
        (TABLE.abort)()
    }

    fn panicking() -> bool {
        (TABLE.panicking)()
    }

    fn initial_policy() -> Policy {
        (TABLE.initial_policy)()
    }

    fn begin_report() -> bool {
        (TABLE.begin_report)()
    }

    fn end_report() {
        (TABLE.end_report)();
    }

    fn record(violation: &Violation) -> bool {
        (TABLE.record)(violation)
    }
}
