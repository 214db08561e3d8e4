//! The first reports: two locks in opposite order, a lock that its holder waits for, and who counts as another thread.

use nonblock::sync::{Mutex, Semaphore};
use nonblock_tests::waits::{circle, on_a_thread, silent, waits_for_itself};

#[test]
fn two_mutexes_in_opposite_order_are_reported_on_one_thread() {
    let (journal, table) = (Mutex::new(1).in_class("journal"), Mutex::new(2));
    silent(|cx| {
        let _journal = journal.lock(cx);
        let _table = table.lock(cx);
    });
    let violation = circle(|cx| {
        let _table = table.lock(cx);
        let _journal = journal.lock(cx);
    });
    let dependencies = violation.dependencies();
    assert_eq!(dependencies.len(), 2, "{violation}");
    assert_eq!(dependencies[0].from().name(), Some("journal"));
    assert_eq!(dependencies[1].on().name(), Some("journal"));
    let text = violation.to_string();
    assert!(
        text.contains("\n    before: thread `two_mutexes_in_o` took the Mutex `journal` at "),
        "{text}"
    );
    assert!(
        text.contains("\n    now: thread `two_mutexes_in_o` took the Mutex made at "),
        "{text}"
    );
}

#[test]
fn a_mutex_that_its_holder_waits_for_is_reported() {
    let table = Mutex::new(1);
    let violation = waits_for_itself(|cx| {
        let _held = table.lock(cx);
        drop(table.lock(cx));
    });
    assert_eq!(violation.held().len(), 1, "{violation}");
}

#[test]
fn a_permit_put_back_by_a_second_thread_too_closes_the_circle() {
    let (table, permits) = (Mutex::new(1), Semaphore::new(1));
    // One thread takes a permit and puts one back, both with the lock: it may well have put back what it waits for.
    silent(|cx| {
        let _held = table.lock(cx);
        permits.down(cx);
        permits.up();
    });
    // If another thread puts permits back with the lock, who waits with the lock may wait for that one.
    on_a_thread(|| {
        circle(|cx| {
            let _held = table.lock(cx);
            permits.up();
        });
    });
}
