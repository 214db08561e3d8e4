//! What a process is forked with: open sections, and what is held.

#![cfg(target_os = "linux")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::libc;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use nonblock::ViolationKind::StillHeld;
use nonblock::lockdep::{Class, signal_handler};
use nonblock::sync::{Mutex, SpinLock};
use nonblock::testing::violations;
use nonblock::{raw, sleepable};
use nonblock_tests::process::own;

/// Forks, and runs the closure in the child, whose code is 0 if it returns and 99 if it panics.
fn in_child(f: impl FnOnce()) {
    // SAFETY: the other thread of this process waits for this one, and has no lock. The child leaves by `_exit`.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            let code = if catch_unwind(AssertUnwindSafe(f)).is_ok() { 0 } else { 99 };
            // SAFETY: it ends the process, and runs nothing before.
            unsafe { libc::_exit(code) }
        }
        ForkResult::Parent { child } => {
            assert_eq!(waitpid(child, None).unwrap(), WaitStatus::Exited(child, 0));
        }
    }
}

/// Makes the process look for the first time, as a program does long before it forks.
fn look() {
    sleepable(|_cx| {});
}

/// Takes two in turn, of classes that are used either in sections or outside them.
fn take_two() {
    let (one, other) = match raw::depth() {
        0 => (Class::new("one"), Class::new("other")),
        _ => (Class::new("one in sections"), Class::new("other in sections")),
    };
    let _one = one.acquire();
    drop(other.acquire());
}

#[test]
fn a_lock_that_was_held_over_a_fork_is_reported_in_the_child_once() {
    own("a_lock_that_was_held_over_a_fork_is_reported_in_the_child_once", &[], || {
        static TABLE: Mutex<u32> = Mutex::new(1).in_class("table over a fork");
        sleepable(|cx| {
            let line = line!() + 1;
            let held = TABLE.lock(cx);
            in_child(|| {
                let found = violations(take_two);
                assert_eq!(found.len(), 1, "{found:#?}");
                assert_eq!((found[0].kind(), found[0].place().line()), (StillHeld, line));
                let text = found[0].to_string();
                let expected = "found: a process that was forked with the Mutex `table over a fork` still held, since";
                assert!(text.contains(expected), "{text}");
                assert_eq!(found[0].held().len(), 1);
                let again = violations(|| {
                    take_two();
                    raw::non_block(|_nb| take_two());
                });
                assert!(again.is_empty(), "{again:#?}");
            });
            drop(held);
            let in_parent = violations(take_two);
            assert!(in_parent.is_empty(), "{in_parent:#?}");
        });
    })
    .assert_success();
}

#[test]
fn a_section_that_was_open_over_a_fork_is_reported_in_the_child_and_forgotten() {
    own("a_section_that_was_open_over_a_fork_is_reported_in_the_child_and_forgotten", &[], || {
        look();
        let line = line!() + 1;
        raw::non_block(|_nb| {
            in_child(|| {
                let found = violations(|| sleepable(|_cx| {}));
                assert_eq!(found.len(), 1, "{found:#?}");
                assert_eq!((found[0].kind(), found[0].place().line()), (StillHeld, line));
                let text = found[0].to_string();
                let expected =
                    "found: a process that was forked with the section open that began at";
                assert!(text.contains(expected), "{text}");
                assert_eq!(raw::depth(), 0);
                // The guard of the section ends it later.
                let found = violations(raw::non_block_end);
                assert!(found.is_empty(), "{found:#?}");
                assert_eq!(violations(raw::non_block_end).len(), 1);
            });
            assert_eq!(raw::depth(), 1);
        });
    })
    .assert_success();
}

#[test]
fn a_section_of_the_child_within_an_inherited_one_stays_open() {
    own("a_section_of_the_child_within_an_inherited_one_stays_open", &[], || {
        look();
        raw::non_block_start();
        raw::non_block_start();
        in_child(|| {
            let line = line!() + 1;
            raw::non_block_start();
            let found = violations(take_two);
            assert_eq!(
                found.iter().map(nonblock::Violation::kind).collect::<Vec<_>>(),
                [StillHeld]
            );
            assert_eq!(raw::depth(), 1);
            let found = violations(nonblock::might_sleep);
            assert_eq!(found[0].section_place().map(nonblock::Place::line), Some(line));
            let found = violations(|| (0..3).for_each(|_| raw::non_block_end()));
            assert!(found.is_empty(), "{found:#?}");
            assert_eq!(raw::depth(), 0);
        });
        raw::non_block_end();
        raw::non_block_end();
    })
    .assert_success();
}

#[test]
fn what_the_child_takes_or_ends_itself_is_no_fault() {
    own("what_the_child_takes_or_ends_itself_is_no_fault", &[], || {
        look();
        let (before, after) = (Class::new("before the fork"), Class::new("after the fork"));
        // So that to take it again is no look.
        drop(after.acquire());
        let held = before.acquire();
        raw::non_block_start();
        in_child(|| {
            let found = violations(|| {
                raw::non_block_end();
                drop(held);
                // The first look comes with this held.
                let _held = after.acquire();
                take_two();
                sleepable(|_cx| take_two());
                raw::non_block_start();
                take_two();
                raw::non_block_end();
            });
            assert!(found.is_empty(), "{found:#?}");
        });
        in_child(|| {
            let found = violations(|| {
                raw::non_block_end();
                raw::non_block_start();
                // The first look comes in a section of the child's.
                take_two();
                raw::non_block_end();
            });
            assert!(found.is_empty(), "{found:#?}");
        });
        raw::non_block_end();
    })
    .assert_success();
}

#[test]
fn a_thread_and_a_child_of_the_child_inherit_nothing_that_was_forgotten() {
    own("a_thread_and_a_child_of_the_child_inherit_nothing_that_was_forgotten", &[], || {
        static LOCK: SpinLock<u32> = SpinLock::new(1).in_class("spin lock over a fork");
        look();
        raw::non_block(|nb| {
            let _held = LOCK.lock(nb);
            in_child(|| {
                let found = violations(look);
                assert_eq!(found.len(), 1, "{found:#?}");
                let text = found[0].to_string();
                assert!(text.contains("the SpinLock `spin lock over a fork` still held"), "{text}");
                assert!(text.contains("and with the section open that began at"), "{text}");
                let found = violations(|| {
                    std::thread::spawn(|| raw::non_block(|_nb| take_two())).join().unwrap();
                });
                assert!(found.is_empty(), "{found:#?}");
                in_child(|| {
                    let found = violations(take_two);
                    assert!(found.is_empty(), "{found:#?}");
                });
            });
        });
    })
    .assert_success();
}

#[test]
fn a_signal_handler_leaves_the_report_to_what_comes_after_it() {
    own("a_signal_handler_leaves_the_report_to_what_comes_after_it", &[], || {
        look();
        let class = Class::new("held over a fork");
        let _held = class.acquire();
        in_child(|| {
            let found = violations(|| signal_handler(|| raw::non_block(|_nb| take_two())));
            assert!(found.iter().all(|found| found.kind() != StillHeld), "{found:#?}");
            assert_eq!(violations(|| sleepable(|_cx| {})).len(), 1);
        });
    })
    .assert_success();
}

#[test]
fn the_policy_acts_in_the_child() {
    let test = "the_policy_acts_in_the_child";
    for policy in ["warn", "panic"] {
        let outcome = own(test, &[("NONBLOCK", policy.into())], || {
            look();
            let class = Class::new("held over a fork");
            let _held = class.acquire();
            let panics = std::env::var("NONBLOCK").unwrap() == "panic";
            in_child(|| {
                assert_eq!(catch_unwind(take_two).is_err(), panics);
                // Nothing of it is left.
                take_two();
                sleepable(|_cx| {});
            });
        });
        outcome.assert_success();
        let found = "found: a process that was forked with the class `held over a fork` still held";
        assert_eq!(outcome.stderr.matches(found).count(), 1, "{policy}: {outcome:#?}");
    }
}

#[test]
fn a_child_that_only_returns_is_silent() {
    let outcome = own("a_child_that_only_returns_is_silent", &[], || {
        look();
        let class = Class::new("held over a fork");
        let held = class.acquire();
        // SAFETY: the other thread of this process waits for this one, and has no lock.
        let forked = raw::non_block(|_nb| unsafe { fork() }.unwrap());
        drop(held);
        match forked {
            ForkResult::Child => {
                sleepable(|_cx| take_two());
                // SAFETY: it ends the process, and runs nothing before.
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => {
                assert_eq!(waitpid(child, None).unwrap(), WaitStatus::Exited(child, 0));
            }
        }
    });
    outcome.assert_success();
    assert!(!outcome.stderr.contains("BUG"), "{outcome:#?}");
}
