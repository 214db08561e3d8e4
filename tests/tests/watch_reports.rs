//! The reports of the watch: what is one of them, what it says, and when it is made.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Duration;

use nix::libc;
use nonblock::testing::violations;
use nonblock::watch::{Allocator, Layers, Watch};
use nonblock::{Policy, Violation, ViolationKind, raw, set_handler, set_policy};
use nonblock_tests::process;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator::system();

fn watch(layers: Layers) -> Watch {
    Watch::builder().layers(layers).this_thread_only().start().expect("it is here")
}

/// A call at one line, to which each depth leads by a chain of its own.
#[inline(never)]
fn fsync_deep(depth: u32) -> i32 {
    if depth == 0 {
        // SAFETY: there is no such descriptor.
        return unsafe { libc::fsync(-1) };
    }
    black_box(fsync_deep(depth - 1))
}

fn own(test: &str, body: impl FnOnce()) -> process::Outcome {
    let warn = ("NONBLOCK", "warn".into());
    let outcome = process::own(test, &[warn], body);
    outcome.assert_success();
    outcome
}

#[test]
fn a_line_that_a_call_is_made_from_by_many_ways_is_one_report() {
    let test = "a_line_that_a_call_is_made_from_by_many_ways_is_one_report";
    let outcome = own(test, || {
        let _watch = watch(Layers::TRAP);
        for depth in 0..20 {
            raw::non_block(|_| fsync_deep(depth));
        }
    });
    assert_eq!(outcome.stderr.matches("BUG: ").count(), 1, "{outcome:#?}");
}

#[test]
fn two_lines_two_calls_and_two_sections_are_reports_of_their_own() {
    let test = "two_lines_two_calls_and_two_sections_are_reports_of_their_own";
    let outcome = own(test, || {
        let _watch = watch(Layers::TRAP | Layers::ALLOC);
        for round in 0..6 {
            // A call, then another, and then the first once more from another line.
            raw::non_block(|_| {
                // SAFETY: there is no such descriptor.
                let calls: [fn() -> i32; 2] =
                    [|| unsafe { libc::fsync(-1) }, || unsafe { libc::fdatasync(-1) }];
                calls[round % 2]();
                // SAFETY: there is no such descriptor.
                unsafe { libc::fsync(-1) };
            });
        }
        for _ in 0..3 {
            // An allocation and its release, of one line.
            raw::non_block(|_| drop(black_box(Box::new(round_trip()))));
        }
        for section in [|| raw::non_block(|_| fsync_deep(0)), || raw::non_block(|_| fsync_deep(0))]
        {
            section();
            section();
        }
    });
    let found = |what: &str| outcome.stderr.matches(what).count();
    assert_eq!(found("found: the system call `fsync"), 4, "{outcome:#?}");
    assert_eq!(found("found: the system call `fdatasync"), 1, "{outcome:#?}");
    assert_eq!(found("found: an allocation"), 1, "{outcome:#?}");
    assert_eq!(found("found: a release"), 1, "{outcome:#?}");
}

fn round_trip() -> [u8; 100] {
    [1; 100]
}

#[test]
fn a_test_that_fails_lists_each_fault_of_its_section_once() {
    let body = || {
        let _watch = watch(Layers::TRAP);
        nonblock::testing::run(|| {
            for _ in 0..3 {
                raw::non_block(|_| {
                    std::thread::sleep(Duration::from_micros(1));
                    fsync_deep(0);
                });
            }
        });
    };
    let test = "a_test_that_fails_lists_each_fault_of_its_section_once";
    own(test, || {
        set_policy(Policy::Ignore);
        let panic = catch_unwind(AssertUnwindSafe(body)).expect_err("a rule was broken");
        let message = panic.downcast::<String>().expect("a message");
        assert!(message.starts_with("6 violation(s)"), "{message}");
        assert_eq!(message.matches("`clock_nanosleep(").count(), 1, "{message}");
        assert_eq!(message.matches("`fsync(").count(), 1, "{message}");
        assert_eq!(message.matches("(3 times in this test)").count(), 2, "{message}");
    });
}

#[test]
fn a_suppression_that_comes_later_holds_for_what_was_reported_before() {
    let test = "a_suppression_that_comes_later_holds_for_what_was_reported_before";
    own(test, || {
        set_policy(Policy::Ignore);
        let seen = || violations(|| raw::non_block(|_| fsync_deep(1))).len();
        let _watch = watch(Layers::TRAP);
        // The two chains differ in nothing: both are made in this closure.
        assert_eq!((seen(), seen()), (1, 1));
        let suppression = "function:*fsync_deep the test says so".parse().expect("it is one");
        let _suppressed = Watch::builder().layers(Layers::TRAP).suppress(suppression).start();
        assert_eq!((seen(), seen()), (0, 0));
    });
}

#[test]
fn a_release_has_a_headline_that_fits() {
    let _watch = watch(Layers::ALLOC);
    let memory = black_box(vec![0u8; 100]);
    let seen = violations(|| raw::non_block(|_| drop(memory)));
    let [violation] = &seen[..] else { panic!("{seen:?}") };
    let text = violation.to_string();
    assert!(text.starts_with("BUG: allocation or release from invalid context at "), "{text}");
    assert!(text.contains("found: a release of 100 bytes"), "{text}");
}

// What ends where no report can be made.

extern "C" fn section_that_syncs(_: i32) {
    // SAFETY: there is no such descriptor.
    raw::non_block(|_| unsafe { libc::fsync(-1) });
}

/// Has a section end in a signal handler, and no other of this thread follow.
fn section_in_handler() {
    // SAFETY: the handler is fit for signals.
    unsafe { libc::signal(libc::SIGUSR1, section_that_syncs as *const () as usize) };
    // SAFETY: it has a handler.
    unsafe { libc::raise(libc::SIGUSR1) };
}

static HANDLED: Mutex<Vec<(ViolationKind, u32)>> = Mutex::new(Vec::new());

fn note(violation: &Violation) {
    HANDLED.lock().unwrap().push((violation.kind(), violation.place().line()));
}

fn handled() -> usize {
    let handled = std::mem::take(&mut *HANDLED.lock().unwrap());
    for (kind, _) in &handled {
        assert_eq!(*kind, ViolationKind::SyscallInNonBlock);
    }
    handled.len()
}

#[test]
fn what_waits_is_reported_at_the_end_of_a_root_a_thread_and_a_test() {
    own("what_waits_is_reported_at_the_end_of_a_root_a_thread_and_a_test", || {
        let _watch = Watch::builder().layers(Layers::TRAP).start().expect("it is here");
        set_handler(Some(note));
        nonblock::sleepable(|_cx| {
            section_in_handler();
            assert_eq!(handled(), 0, "a handler must not report");
        });
        assert_eq!(handled(), 1);
        let thread = nonblock::thread::spawn(|_cx| section_in_handler());
        nonblock::sleepable(|cx| thread.join(cx).unwrap());
        assert_eq!(handled(), 1);
        // A thread that panics, too.
        let thread = nonblock::thread::spawn(|_cx| {
            section_in_handler();
            panic!("of the test's own");
        });
        assert!(nonblock::sleepable(|cx| thread.join(cx)).is_err());
        assert_eq!(handled(), 1);
        nonblock::sleepable(|cx| {
            nonblock::thread::scope(cx, |scope, _cx| {
                scope.spawn(|_cx| section_in_handler());
            });
        });
        assert_eq!(handled(), 1);
        // An attribute that binds a token.
        bound();
        assert_eq!(handled(), 1);
        set_handler(None);
        let failed = catch_unwind(|| nonblock::testing::run(section_in_handler));
        let message = failed.expect_err("a rule was broken").downcast::<String>().unwrap();
        assert!(message.starts_with("1 violation(s)") && message.contains("fsync"), "{message}");
        assert_eq!(violations(section_in_handler).len(), 1);
    });
}

#[nonblock::may_sleep(cx)]
fn bound() {
    let _ = cx;
    section_in_handler();
}

#[test]
fn a_root_in_a_section_leaves_what_waits_to_the_end_of_the_section() {
    own("a_root_in_a_section_leaves_what_waits_to_the_end_of_the_section", || {
        let _watch = Watch::builder().layers(Layers::TRAP).start().expect("it is here");
        set_handler(Some(note));
        section_in_handler();
        raw::non_block(|_| {
            raw::permit_sleep("what is within has no part in this", |_| ());
            assert_eq!(handled(), 0);
            let count = nonblock::testing::violations(|| ()).len();
            assert_eq!(count, 0);
        });
        assert_eq!(handled(), 1);
    });
}
