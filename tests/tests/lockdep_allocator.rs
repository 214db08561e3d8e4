//! Allocations, where the watch's allocator is the program's: each waits for memory, while its layer is on.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::backtrace::Backtrace;
use std::hint::black_box;

use nonblock::ViolationKind;
use nonblock::lockdep::MEMORY;
use nonblock::sync::Mutex;
use nonblock::watch::{Allocator, Layers, Watch};
use nonblock_tests::process;
use nonblock_tests::waits::{recorded, silent};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator::system();

static TABLE: Mutex<u32> = Mutex::new(0).in_class("table of who takes memory back");
static OTHER: Mutex<u32> = Mutex::new(0).in_class("other table");

fn allocate() {
    drop(black_box(Box::new([0u8; 64])));
}

/// Whoever takes memory back waits for the table, and allocates itself.
fn take_memory_back() {
    silent(|cx| {
        let _taking = MEMORY.region();
        *TABLE.lock(cx) += 1;
        allocate();
    });
}

#[test]
fn a_lock_held_over_an_allocation_that_who_takes_memory_back_waits_for() {
    process::own("a_lock_held_over_an_allocation_that_who_takes_memory_back_waits_for", &[], || {
        take_memory_back();
        // Without the layer it is not looked at.
        silent(|cx| {
            let _held = TABLE.lock(cx);
            allocate();
        });
        let _watch = Watch::builder().layers(Layers::ALLOC).start().expect("it is here");
        silent(|cx| {
            let _held = OTHER.lock(cx);
            allocate();
        });
        take_memory_back();
        let held_at = line!() + 2;
        let found = recorded(|cx| {
            let _held = TABLE.lock(cx);
            allocate();
            // It has locks of its own while it allocates: the report is made later.
            drop(black_box(Backtrace::force_capture()));
        });
        assert_eq!(found.len(), 1, "{found:#?}");
        let [violation] = found.as_slice() else { unreachable!() };
        assert_eq!(violation.kind(), ViolationKind::CircularWait);
        assert_eq!(violation.location().line(), held_at);
        let text = violation.to_string();
        let expected = "found: a wait for the class `memory`, while the Mutex `table of who takes memory back` is held since";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("\nheld: the Mutex `table of who takes memory back`"), "{text}");
    })
    .assert_success();
}

/// The policy does not panic there, and what was found is written with a trace.
#[test]
fn the_report_of_an_allocation_ends_nothing() {
    let outcome = process::own("the_report_of_an_allocation_ends_nothing", &[], || {
        let _watch = Watch::builder().layers(Layers::ALLOC).start().expect("it is here");
        nonblock::sleepable(|cx| {
            let held = TABLE.lock(cx);
            allocate();
            drop(held);
            let _taking = OTHER.lock(cx);
            allocate();
        });
        let taking = std::panic::catch_unwind(|| {
            nonblock::sleepable(|cx| {
                let _taking = MEMORY.region();
                *TABLE.lock(cx) += 1;
            });
        });
        // A wait for a lock is refused as ever.
        assert!(taking.is_err());
    });
    outcome.assert_success();
}
