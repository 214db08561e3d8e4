//! The backend that another crate installed with `set_backend!`. The linker finds it by its symbol.

use super::interface::{Backend, Suspended};
use super::set_backend::BackendVTable;
use crate::violation::{Place, Policy, Task, Violation};

// It is safe to read: only `set_backend!` defines the symbol, as a static of this type.
unsafe extern "Rust" {
    #[link_name = "nonblock_needs_exactly_one_backend__feature_std_or_set_backend"]
    safe static VTABLE: BackendVTable;
}

/// Calls the functions of the installed table.
#[derive(Debug)]
pub(crate) struct InstalledBackend;

// SAFETY: every function calls that of the installed backend, and the installed backend keeps the contract.
unsafe impl Backend for InstalledBackend {
    fn start(place: Place) {
        (VTABLE.start)(place);
    }

    fn end() -> bool {
        (VTABLE.end)()
    }

    fn depth() -> Option<u32> {
        (VTABLE.depth)()
    }

    fn began() -> Option<Place> {
        (VTABLE.began)()
    }

    fn suspend() -> Suspended {
        (VTABLE.suspend)()
    }

    fn resume(suspended: Suspended) {
        (VTABLE.resume)(suspended);
    }

    fn task() -> Task {
        (VTABLE.task)()
    }

    fn write(violation: &Violation) {
        (VTABLE.write)(violation);
    }

    fn abort() -> ! {
        (VTABLE.abort)();
        // Never reached. Tools that check machine code, as the kernel's objtool does, cannot know that of a call by a pointer.
        loop {
            core::hint::spin_loop();
        }
    }

    fn panicking() -> bool {
        (VTABLE.panicking)()
    }

    fn initial_policy() -> Policy {
        (VTABLE.initial_policy)()
    }

    fn begin_report() -> bool {
        (VTABLE.begin_report)()
    }

    fn end_report() {
        (VTABLE.end_report)();
    }

    fn before_panic(violation: &Violation) {
        (VTABLE.before_panic)(violation);
    }

    fn mark_reported(depth: u32) -> u32 {
        (VTABLE.mark_reported)(depth)
    }

    fn reported_depth() -> u32 {
        (VTABLE.reported_depth)()
    }

    fn record(violation: &Violation) -> bool {
        (VTABLE.record)(violation)
    }
}
