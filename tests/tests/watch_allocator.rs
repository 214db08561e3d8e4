//! A section within the allocator, whose lock is held when it ends: its report waits, and nobody hangs.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use nix::libc;
use nonblock::watch::{Allocator, Layers, Watch};
use nonblock::{Policy, ViolationKind, raw, set_policy, stats};
use nonblock_tests::process;

/// An allocator with a lock, in which it opens sections for a while that make calls.
struct Locked {
    lock: AtomicBool,
}

static WITH_SECTIONS: AtomicBool = AtomicBool::new(false);
static SECTIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: it does what the system's allocator does.
unsafe impl GlobalAlloc for Locked {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        while self.lock.swap(true, Ordering::Acquire) {
            spin_loop();
        }
        if WITH_SECTIONS.load(Ordering::Relaxed) {
            SECTIONS.fetch_add(1, Ordering::Relaxed);
            // SAFETY: there is no such descriptor.
            raw::non_block(|_| unsafe { libc::fsync(-1) });
        }
        // SAFETY: the caller keeps the contract, which is the same.
        let memory = unsafe { System.alloc(layout) };
        self.lock.store(false, Ordering::Release);
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(memory, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Allocator<Locked> = Allocator::around(Locked { lock: AtomicBool::new(false) });

#[test]
fn a_section_within_the_allocator_is_reported_when_its_lock_is_free() {
    process::own("a_section_within_the_allocator_is_reported_when_its_lock_is_free", &[], || {
        set_policy(Policy::Ignore);
        for quick in [false, true] {
            let before = stats().count(ViolationKind::SyscallInNonBlock);
            let watch = Watch::builder()
                .layers(Layers::TRAP)
                .quick_trap(quick)
                .start()
                .expect("it is here");
            WITH_SECTIONS.store(true, Ordering::Relaxed);
            for size in 1..5 {
                drop(black_box(vec![0u8; size * 100].into_boxed_slice()));
                drop(black_box(Box::new(size)));
            }
            WITH_SECTIONS.store(false, Ordering::Relaxed);
            raw::non_block(|_| std::thread::sleep(Duration::from_micros(1)));
            drop(watch);
            let told = stats().count(ViolationKind::SyscallInNonBlock) - before;
            assert!((2..=17).contains(&told), "{told}");
        }
        assert!(SECTIONS.load(Ordering::Relaxed) >= 4);
    })
    .assert_success();
}
