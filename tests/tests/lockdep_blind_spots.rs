//! The entries of the guide's chapter `blind_spots` that the feature `lockdep` sees.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nonblock::sync::{Mutex, SpinLock};
use nonblock::testing::{expect_violation, violations};
use nonblock::{ViolationKind, non_block, sleepable};

#[test]
fn a_spin_lock_taken_twice_is_seen() {
    let table = SpinLock::new(0);
    let violation = expect_violation(|| {
        non_block(|nb| {
            let _held = table.lock(nb);
            *table.lock(nb) += 1;
        });
    });
    assert_eq!(violation.kind(), ViolationKind::WaitForItself);
    assert_eq!(violation.held().len(), 1, "{violation}");
}

#[test]
fn spin_locks_taken_in_different_orders_are_seen() {
    let (one, other) = (SpinLock::new(1), SpinLock::new(2));
    let both = |first: &SpinLock<i32>, second: &SpinLock<i32>| {
        non_block(|nb| {
            let first = first.lock(nb);
            let second = second.lock(nb);
            *first + *second
        })
    };
    let silent = violations(|| both(&one, &other));
    assert!(silent.is_empty(), "{silent:#?}");
    let violation = expect_violation(|| both(&other, &one));
    assert_eq!(violation.kind(), ViolationKind::CircularWait);
    assert_eq!(violation.dependencies().len(), 2, "{violation}");
}

#[test]
fn a_mutex_that_its_holder_waits_for_is_seen() {
    let table = Mutex::new(0);
    let violation = expect_violation(|| {
        let callback = |cx: &mut nonblock::Sleepable| *table.lock(cx) += 1;
        let calls_with_the_lock = || {
            sleepable(|cx| {
                let _held = table.lock(cx);
                callback(cx);
            });
        };
        let _ended = catch_unwind(AssertUnwindSafe(calls_with_the_lock));
    });
    assert_eq!(violation.kind(), ViolationKind::WaitForItself);
}
