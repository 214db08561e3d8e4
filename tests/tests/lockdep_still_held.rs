//! What is still held where a thread or a root ends.

use std::mem::forget;

use nonblock::ViolationKind::StillHeld;
use nonblock::sync::{Mutex, SpinLock};
use nonblock::testing::{expect_violation, violations};
use nonblock::{non_block, raw, sleepable, thread};

#[test]
fn a_thread_that_ends_with_a_forgotten_guard_is_reported() {
    static TABLE: Mutex<u32> = Mutex::new(1).in_class("table that a thread keeps");
    let line = line!() + 3;
    let violation = expect_violation(|| {
        sleepable(|cx| {
            thread::spawn(|cx| forget(TABLE.lock(cx))).join(cx).unwrap();
        });
    });
    assert_eq!((violation.kind(), violation.place().line()), (StillHeld, line));
    let text = violation.to_string();
    assert!(
        text.contains("a thread that ends with the Mutex `table that a thread keeps` still held")
    );
    assert_eq!(violation.held().len(), 1);
}

#[test]
fn a_scoped_thread_that_ends_with_a_section_open_is_reported() {
    let line = line!() + 4;
    let found = violations(|| {
        sleepable(|cx| {
            thread::scope(cx, |scope, cx| {
                scope.spawn(|_cx| raw::non_block_start()).join(cx).unwrap();
            });
        });
    });
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].kind(), found[0].place().line()), (StillHeld, line));
    assert!(found[0].to_string().contains("a thread that ends with a section open"));
}

#[test]
fn a_thread_that_ends_by_a_panic_is_reported_and_does_not_abort() {
    static TABLE: Mutex<u32> = Mutex::new(1);
    let found = violations(|| {
        sleepable(|cx| {
            let thread = thread::spawn(|cx| {
                forget(TABLE.lock(cx));
                panic!("on purpose");
            });
            let payload = thread.join(cx).unwrap_err();
            assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
        });
    });
    assert_eq!(found.iter().map(nonblock::Violation::kind).collect::<Vec<_>>(), [StillHeld]);
}

#[test]
fn a_root_that_ends_with_a_forgotten_spin_lock_is_reported_once() {
    let roots: [fn(&SpinLock<u32>); 3] = [
        |lock| non_block(|nb| forget(lock.lock(nb))),
        |lock| raw::non_block(|nb| forget(lock.lock(nb))),
        |lock| sleepable(|cx| cx.non_block(|nb| forget(lock.lock(nb)))),
    ];
    for root in roots {
        let lock = SpinLock::new(1).in_class("spin lock that a root keeps");
        let found = violations(|| {
            root(&lock);
            // The forgotten guard left its section open.
            raw::non_block_end();
            non_block(|_nb| {});
        });
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].kind(), StillHeld);
        let text = found[0].to_string();
        assert!(text.contains("a root that ends with the SpinLock `spin lock that a root keeps`"));
    }
}

#[test]
fn a_mutex_that_leaves_a_root_is_silent() {
    let table = Mutex::new(1);
    let found = violations(|| {
        let held = sleepable(|cx| table.lock(cx));
        drop(held);
        sleepable(|cx| thread::scope(cx, |scope, _cx| _ = scope.spawn(|cx| drop(table.lock(cx)))));
    });
    assert!(found.is_empty(), "{found:#?}");
}
