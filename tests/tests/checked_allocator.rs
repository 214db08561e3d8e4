//! A global allocator that says it may sleep: it finds what allocates in a section, and what reports that stands it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::io;

use nonblock::ViolationKind::SleepInNonBlock;
use nonblock::testing::violations;
use nonblock::{WouldBlock, might_sleep, non_block, set_handler, thread};
use nonblock_tests::process;

/// Says, on threads that want it, that it may sleep.
struct Checked;

thread_local! {
    static SAYS_SO: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: it does what the system's allocator does. A report unwinds only under the policy to panic, which holds in no
// test here while threads want the check.
unsafe impl GlobalAlloc for Checked {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if SAYS_SO.get() {
            might_sleep();
        }
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if SAYS_SO.get() {
            might_sleep();
        }
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Checked = Checked;

/// Runs the closure with the allocator's check on.
fn checked<R>(f: impl FnOnce() -> R) -> R {
    SAYS_SO.set(true);
    let result = f();
    SAYS_SO.set(false);
    result
}

#[test]
fn an_allocation_in_a_section_is_recorded() {
    let found = violations(|| {
        checked(|| non_block(|_nb| drop(black_box(Box::new(5)))));
    });
    // The allocation and the release.
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|violation| violation.kind() == SleepInNonBlock));
}

#[test]
fn a_refusal_becomes_an_io_error_without_allocating() {
    let found = violations(|| {
        let error = checked(|| non_block(|_nb| io::Error::from(WouldBlock)));
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn recorders_are_put_on_and_taken_off_in_a_section() {
    // More of them than a vector has room for at first.
    fn nested(depth: u32) -> usize {
        let mut innermost = 0;
        let found = violations(|| match depth {
            0 => drop(black_box(Box::new(5))),
            _ => innermost = nested(depth - 1),
        });
        if depth == 0 { found.len() } else { innermost }
    }

    let mut innermost = 0;
    let outer = violations(|| innermost = checked(|| non_block(|_nb| nested(8))));
    assert_eq!(innermost, 2);
    // What was allocated for the recorders themselves.
    assert!(!outer.is_empty());
}

#[test]
fn a_thread_is_started_in_a_section() {
    let found = violations(|| {
        let started = checked(|| non_block(|_nb| thread::spawn(|_cx| 5)));
        nonblock::sleepable(|cx| assert_eq!(started.join(cx).unwrap(), 5));
    });
    assert!(found.iter().any(|violation| violation.location().file() == file!()));
}

#[test]
fn reports_are_written() {
    let outcome = process::own("reports_are_written", &[("NONBLOCK", "warn".into())], || {
        checked(|| non_block(|_nb| drop(black_box(Box::new(5)))));
    });
    outcome.assert_success();
    // One for each of the two sites.
    assert_eq!(outcome.stderr.matches("BUG: sleeping function called").count(), 2);
}

#[test]
fn each_section_that_allocates_is_told_though_the_place_is_the_allocators() {
    fn first() {
        non_block(|_nb| drop(black_box(Box::new(5))));
    }

    fn second() {
        non_block(|_nb| drop(black_box(Box::new(5))));
    }

    let test = "each_section_that_allocates_is_told_though_the_place_is_the_allocators";
    let outcome = process::own(test, &[("NONBLOCK", "warn".into())], || {
        for _ in 0..3 {
            checked(first);
            checked(second);
        }
    });
    outcome.assert_success();
    // Of each section the allocation and the release, once, with a trace that leads to the caller.
    assert_eq!(outcome.stderr.matches("BUG: ").count(), 4, "{outcome:#?}");
    for caller in ["::first", "::second"] {
        assert!(outcome.stderr.contains(caller), "{outcome:#?}");
    }
}

#[test]
fn a_handler_allocates() {
    let outcome = process::own("a_handler_allocates", &[("NONBLOCK", "ignore".into())], || {
        set_handler(Some(|violation| println!("{}", violation.to_string().len() > 100)));
        checked(|| non_block(|_nb| drop(black_box(Box::new(5)))));
    });
    outcome.assert_success();
    assert_eq!(outcome.stdout.matches("true").count(), 2, "{outcome:#?}");
}
