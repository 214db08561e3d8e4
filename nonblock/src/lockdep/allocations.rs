//! Allocations, which wait for memory: the watch's allocator tells of them.

use core::cell::Cell;

use crate::backend;
use crate::lock_graph::{ClassKey, Finding, GRAPH, Kind, Mode, with_thread};
use crate::violation::Place;
use crate::watch;

/// What allocations wait for: one of the class that the public `MEMORY` is of, by its name.
pub(super) static MEMORY: ClassKey = ClassKey::new(Kind::Class, Some("memory"), Place::caller());

std::thread_local! {
    /// What was found about an allocation, and where what was held then was taken. A report allocates, and is made later.
    static FOUND: Cell<Option<(Finding, Place)>> = const { Cell::new(None) };
}

/// Has the allocator tell of each allocation outside sections.
pub(super) fn observe() {
    watch::call_before_allocation(before_allocation);
}

/// The thread is about to allocate. This allocates nothing.
fn before_allocation() {
    if backend::in_section() == Some(true) {
        return;
    }
    let found = with_thread(|thread| {
        let since = thread.last()?.since;
        let memory = GRAPH.id_of(&MEMORY);
        // Who takes memory back for others waits for none.
        if thread.is_in_signal_handler() || thread.from(0).any(|held| held.class == memory) {
            return None;
        }
        let finding = GRAPH.before_wait(thread, &MEMORY, Mode::Exclusive, since)?;
        thread.set_found(true);
        Some((finding, since))
    });
    if found.is_some() {
        FOUND.set(found);
    }
}

/// Takes what was found about an allocation, to be reported before the thread lets go of something.
#[cold]
pub(super) fn take_found() -> Option<(Finding, Place)> {
    // An allocator that has locks lets go of one here. The report would wait for it.
    if watch::is_within_allocator() {
        return None;
    }
    with_thread(|thread| thread.set_found(false));
    FOUND.take()
}
