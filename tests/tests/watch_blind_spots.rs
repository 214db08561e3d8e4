//! What the types and the counters do not see, and a layer of the watch does. Entry by entry, as in the guide's chapter
//! `blind_spots`.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nonblock::testing::violations;
use nonblock::watch::{Layers, Watch, statistics};
use nonblock::{Violation, ViolationKind, raw};

#[global_allocator]
static ALLOCATOR: nonblock::watch::Allocator = nonblock::watch::Allocator::system();

/// What is reported of a section that runs the closure, with these layers on.
fn seen(layers: Layers, body: impl FnOnce()) -> Vec<Violation> {
    let builder = Watch::builder().layers(layers).budget(Duration::from_millis(10));
    let builder =
        if layers.contains(Layers::BUDGET) { builder } else { Watch::builder().layers(layers) };
    let watch = builder.this_thread_only().start().expect("it is here");
    let seen = violations(|| raw::non_block(|_nb| body()));
    drop(watch);
    seen
}

fn spin_for(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[test]
fn a_function_that_sleeps_and_does_not_say_so_is_seen_by_the_trap_and_the_schedule() {
    for (layer, kind) in [
        (Layers::TRAP, ViolationKind::SyscallInNonBlock),
        (Layers::SCHEDULE, ViolationKind::ScheduledInNonBlock),
    ] {
        let seen = seen(layer, || thread::sleep(Duration::from_millis(1)));
        assert!(seen.iter().any(|violation| violation.kind() == kind), "{layer}: {seen:?}");
    }
}

#[test]
fn an_allocation_is_seen_by_the_allocators_layer() {
    let seen = seen(Layers::ALLOC, || drop(std::hint::black_box(vec![0_u8; 100])));
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen.iter().all(|violation| violation.kind() == ViolationKind::AllocInNonBlock));
}

#[test]
fn a_section_that_is_merely_long_is_seen_by_the_budget() {
    let seen = seen(Layers::BUDGET, || spin_for(Duration::from_millis(20)));
    let [violation] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(violation.kind(), ViolationKind::OverBudget);
}

/// It is no violation. The schedule counts how often, by section.
#[test]
fn losing_the_processor_is_counted_by_the_schedule() {
    let done = AtomicBool::new(false);
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..=processors {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let began = Instant::now();
        let mut counted = 0;
        while counted == 0 && began.elapsed() < Duration::from_secs(30) {
            let seen = seen(Layers::SCHEDULE, || spin_for(Duration::from_millis(50)));
            assert!(seen.is_empty(), "{seen:?}");
            counted = statistics().preemptions().iter().map(|section| section.count).sum();
        }
        done.store(true, Ordering::Relaxed);
        assert!(counted > 0);
    });
}

/// The way into the kernel of 32-bit programs has numbers of its own: 20 is `getpid` there, and `writev` here.
#[test]
fn a_call_of_32_bit_programs_is_made_as_the_program_meant_it() {
    fn getpid() -> u32 {
        let result: u32;
        // SAFETY: it takes nothing. The kernel changes these registers and no others.
        unsafe {
            std::arch::asm!(
                "int 0x80", inlateout("eax") 20 => result,
                lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
            );
        }
        result
    }

    if getpid() != std::process::id() {
        eprintln!("this kernel has no calls of 32-bit programs: skipped");
        return;
    }
    let mut found = 0;
    let seen = seen(Layers::TRAP, || found = getpid());
    assert_eq!(found, std::process::id());
    let [violation] = &seen[..] else { panic!("{seen:?}") };
    let observation = violation.observation().expect("the watch saw it");
    assert!(observation.found().contains("int 0x80") && !observation.slept(), "{violation}");
}

/// The file of the program's allocator is named in the chain, and is not where the mistake is.
#[test]
fn a_call_of_the_allocators_is_reported_where_memory_was_asked_for() {
    let mut made = Vec::new();
    let seen =
        seen(Layers::TRAP, || made = std::hint::black_box(Vec::<u8>::with_capacity(1 << 24)));
    let [violation] = &seen[..] else { panic!("{seen:?}") };
    let observation = violation.observation().expect("the watch saw it");
    assert_eq!(observation.system_call(), Some("mmap"));
    let frame = observation.user_frame().expect("the tests have debug information");
    let is_here = frame.function().is_some_and(|name| name.contains("a_call_of_the_allocators"));
    assert!(is_here, "{frame}");
}
