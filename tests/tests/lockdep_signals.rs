//! Locks that a signal handler waits for, and what it interrupts.
#![cfg(target_os = "linux")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use nonblock::ViolationKind::{InconsistentUse, WaitForItself};
use nonblock::lockdep::{Class, signal_handler, signals_blocked};
use nonblock::non_block;
use nonblock::sync::SpinLock;
use nonblock::testing::{expect_violation, violations};

#[test]
fn a_handler_that_waits_for_what_it_interrupts_is_reported_before_it_spins() {
    static TICKS: SpinLock<u32> = SpinLock::new(0).in_class("ticks of the test");

    extern "C" fn on_signal(_signal: i32) {
        // Nothing may unwind out of it.
        let _ended = catch_unwind(|| {
            signal_handler(|| non_block(|nb| *TICKS.lock(nb) += 1));
        });
    }

    let action = SigAction::new(SigHandler::Handler(on_signal), SaFlags::empty(), SigSet::empty());
    // SAFETY: what the handler reports allocates. It interrupts this thread in `raise`, which does not.
    unsafe { sigaction(Signal::SIGUSR1, &action) }.expect("the handler can be set");
    let found = violations(|| {
        non_block(|nb| {
            let held = TICKS.lock(nb);
            raise(Signal::SIGUSR1).expect("a thread can signal itself");
            drop(held);
        });
    });
    assert_eq!(found[0].kind(), WaitForItself, "{found:#?}");
    assert_eq!(found[0].held()[0].class().name(), Some("ticks of the test"));
    assert!(!TICKS.is_locked());
}

/// In the handler, and elsewhere: two uses that do not go together, with nobody interrupted.
fn in_handler(lock: &SpinLock<u32>) {
    signal_handler(|| non_block(|nb| *lock.lock(nb) += 1));
}

fn elsewhere(lock: &SpinLock<u32>) {
    non_block(|nb| *lock.lock(nb) += 1);
}

fn silent(f: impl FnOnce()) {
    let violations = violations(f);
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn a_class_of_a_handler_that_is_held_elsewhere_is_reported_in_both_orders() {
    let lock = SpinLock::new(0);
    silent(|| in_handler(&lock));
    let violation = expect_violation(|| elsewhere(&lock));
    assert_eq!(violation.kind(), InconsistentUse);
    assert!(violation.to_string().contains("a signal handler waited for one such"), "{violation}");

    let lock = SpinLock::new(0);
    silent(|| elsewhere(&lock));
    let violation = expect_violation(|| in_handler(&lock));
    assert_eq!(violation.kind(), InconsistentUse);
    assert!(violation.to_string().contains("in a signal handler, and one such was held"));
}

#[test]
fn what_is_held_with_signals_blocked_is_silent() {
    let lock = SpinLock::new(0);
    silent(|| {
        signals_blocked(|| elsewhere(&lock));
        in_handler(&lock);
        signals_blocked(|| elsewhere(&lock));
    });
}

#[test]
fn the_marks_end_by_a_panic_too() {
    let lock = SpinLock::new(0);
    silent(|| in_handler(&lock));
    let _ = catch_unwind(AssertUnwindSafe(|| signals_blocked(|| panic!("on purpose"))));
    let _ = catch_unwind(AssertUnwindSafe(|| signal_handler(|| panic!("on purpose"))));
    assert_eq!(expect_violation(|| elsewhere(&lock)).kind(), InconsistentUse);
}

#[test]
fn a_class_that_a_section_waits_for_and_others_hold_outside_is_reported_in_both_orders() {
    let (first, second) = (Class::new("waited first"), Class::new("held first"));
    silent(|| non_block(|_nb| drop(first.acquire())));
    assert_eq!(expect_violation(|| drop(first.acquire())).kind(), InconsistentUse);
    silent(|| drop(second.acquire()));
    assert_eq!(
        expect_violation(|| non_block(|_nb| drop(second.acquire()))).kind(),
        InconsistentUse
    );
}

#[test]
fn a_handler_on_a_small_stack_may_take_locks_in_a_new_order() {
    static ONE: SpinLock<u32> = SpinLock::new(0);
    static OTHER: SpinLock<u32> = SpinLock::new(0);

    extern "C" fn on_signal(_signal: i32) {
        signal_handler(|| {
            non_block(|nb| {
                let _one = ONE.lock(nb);
                *OTHER.lock(nb) += 1;
            });
        });
    }

    // A thread of std has a stack of some kilobytes for its handlers.
    let action =
        SigAction::new(SigHandler::Handler(on_signal), SaFlags::SA_ONSTACK, SigSet::empty());
    // SAFETY: the handler takes spin locks that nobody else has, and allocates nothing.
    unsafe { sigaction(Signal::SIGUSR2, &action) }.expect("the handler can be set");
    let raised = std::thread::spawn(|| raise(Signal::SIGUSR2)).join();
    raised.expect("the thread does not panic").expect("a thread can signal itself");
    assert_eq!(signals_blocked(|| non_block(|nb| *OTHER.lock(nb))), 1);
}
