//! The watch, where its allocator is the program's.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::hint::black_box;

use nonblock::ViolationKind;
use nonblock::testing::violations;
use nonblock::watch::{Allocator, Layers, Watch, statistics};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator::system();

/// An HTTP handler allocates some dozens of times before it reads its file.
#[test]
fn many_allocations_do_not_hide_the_system_call_after_them() {
    let layers = Layers::TRAP | Layers::ALLOC;
    let watch = Watch::builder().layers(layers).this_thread_only().start().expect("it is here");
    let lost = statistics().lost_events();
    let seen = violations(|| {
        nonblock::raw::non_block(|_| {
            (0..50).for_each(|_| drop(black_box(Box::new(0u8))));
            assert!(std::fs::metadata("/").is_ok());
        });
    });
    drop(watch);
    let of_kind = |kind| seen.iter().filter(|violation| violation.kind() == kind).count();
    assert_eq!(of_kind(ViolationKind::SyscallInNonBlock), 1, "{seen:?}");
    assert_eq!(of_kind(ViolationKind::AllocInNonBlock), 8, "{seen:?}");
    assert_eq!(statistics().lost_events() - lost, 92);
}
