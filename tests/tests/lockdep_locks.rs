//! Locks that are taken in circles: reported at the first run, whether anybody hangs or not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nonblock::sync::{Mutex, RwLock, SpinLock, SpinRwLock};
use nonblock::testing::{expect_violation, violations};
use nonblock::{Violation, ViolationKind, sleepable};

/// Runs what is to be reported before it waits. A panic ends it there.
fn reported(f: impl FnOnce()) -> Violation {
    expect_violation(|| {
        let _ended = catch_unwind(AssertUnwindSafe(f));
    })
}

/// Runs what is to be silent.
fn silent(f: impl FnOnce()) {
    let violations = violations(f);
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn two_mutexes_in_opposite_order_are_reported_on_one_thread() {
    let (journal, table) = (Mutex::new(1).in_class("journal"), Mutex::new(2));
    silent(|| {
        sleepable(|cx| {
            let _journal = journal.lock(cx);
            let _table = table.lock(cx);
        });
    });
    let violation = reported(|| {
        sleepable(|cx| {
            let _table = table.lock(cx);
            let _journal = journal.lock(cx);
        });
    });
    assert_eq!(violation.kind(), ViolationKind::CircularWait);
    println!("{violation}");
    assert_eq!(violation.dependencies().len(), 2);
}

#[test]
fn a_mutex_that_its_holder_waits_for_is_reported() {
    let table = Mutex::new(1);
    let violation = reported(|| {
        sleepable(|cx| {
            let _held = table.lock(cx);
            drop(table.lock(cx));
        });
    });
    assert_eq!(violation.kind(), ViolationKind::WaitForItself);
    println!("{violation}");
    let _ = (RwLock::new(1), SpinLock::new(1), SpinRwLock::new(1));
}
