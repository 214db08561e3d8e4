//! What follows from the rules where programs do less usual things: threads that join threads, permits, what turns out not to be
//! needed, and several things of one class.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nonblock::lockdep::{Class, Raw};
use nonblock::sync::{Mutex, MutexGuard, RwLock, RwLockWriteGuard, Semaphore, channel, lock_api};
use nonblock::{Sleepable, thread};
use nonblock_tests::waits::{circle, on_a_thread, silent};

#[test]
fn threads_that_join_threads_of_two_places_are_silent() {
    fn sum(values: &[u64], cx: &mut Sleepable) -> u64 {
        let [one] = values else {
            let (left, right) = values.split_at(values.len() / 2);
            return thread::scope(cx, |scope, cx| {
                let left = scope.spawn(|cx| sum(left, cx));
                let right = scope.spawn(|cx| sum(right, cx));
                left.join(cx).unwrap() + right.join(cx).unwrap()
            });
        };
        *one
    }

    silent(|cx| assert_eq!(sum(&[1, 2, 3, 4, 5, 6, 7, 8], cx), 36));
}

#[test]
fn a_permit_given_back_with_an_older_lock_proves_nothing() {
    let (table, permits) = (Mutex::new(0), Semaphore::new(2));
    silent(|cx| {
        let _held = table.lock(cx);
        let Ok(_permit) = permits.acquire(cx);
    });
    on_a_thread(|| {
        circle(|cx| {
            let Ok(permit) = permits.acquire(cx);
            let _held = table.lock(cx);
            drop(permit);
        });
    });
}

#[test]
fn a_lock_taken_after_a_permit_is_needed_for_it_although_an_older_one_was_let_go() {
    let (older, table, permits) = (Mutex::new(0), Mutex::new(0), Semaphore::new(2));
    silent(|cx| {
        let held = older.lock(cx);
        let Ok(permit) = permits.acquire(cx);
        drop(held);
        let _held = table.lock(cx);
        drop(permit);
    });
    on_a_thread(|| {
        circle(|cx| {
            let _held = table.lock(cx);
            let Ok(_permit) = permits.acquire(cx);
        });
    });
}

#[test]
fn an_older_lock_that_is_downgraded_meanwhile_is_not_needed_for_a_permit() {
    let (table, other, permits) = (RwLock::new(0), Mutex::new(0), Semaphore::new(2));
    let turn = || {
        silent(|cx| {
            let writer = table.write(cx);
            let Ok(permit) = permits.acquire(cx);
            let _held = other.lock(cx);
            let _reader = RwLockWriteGuard::downgrade(writer);
            drop(permit);
        });
    };
    turn();
    on_a_thread(turn);
}

#[test]
fn what_was_shown_not_to_be_needed_stays_so() {
    let (one, other) = (Mutex::new(0), Mutex::new(0));
    let (values, receiver) = channel::unbounded();
    let send_with_both = || {
        silent(|cx| {
            let _held = (one.lock(cx), other.lock(cx));
            values.send(cx, 1).unwrap();
        });
    };
    send_with_both();
    silent(|cx| {
        let _held = other.lock(cx);
        values.send(cx, 2).unwrap();
    });
    on_a_thread(|| {
        silent(|cx| {
            let _held = one.lock(cx);
            receiver.recv(cx).unwrap();
        });
    });
    on_a_thread(send_with_both);
}

#[test]
fn of_two_of_one_class_the_one_held_alone_counts_too() {
    let pages = |_: &str| Class::new("two of one class, one alone and one shared");
    let (alone, shared, other) = (pages("alone"), pages("shared"), Class::new("beside the two"));
    silent(|_cx| {
        let _held = (alone.acquire(), shared.acquire_shared());
        other.wait();
    });
    circle(|_cx| {
        let _held = other.acquire();
        drop(alone.acquire_shared_recursive());
    });
}

#[test]
fn a_lock_taken_again_after_a_panic_is_held() {
    let (table, other) = (Mutex::new(0), Mutex::new(0));
    silent(|cx| {
        let mut held = table.lock(cx);
        let unlocked = || MutexGuard::unlocked(&mut held, cx, |_cx| panic!("of the test"));
        let ended: Result<(), _> = catch_unwind(AssertUnwindSafe(unlocked));
        assert!(ended.is_err());
        drop(other.lock(cx));
    });
    circle(|cx| {
        let _held = other.lock(cx);
        drop(table.lock(cx));
    });
}

#[test]
fn an_older_raw_lock_that_is_downgraded_meanwhile_is_not_needed_for_a_permit() {
    type Lock = lock_api::RwLock<Raw<parking_lot::RawRwLock>, u32>;

    let (table, other, permits) = (Lock::new(0), Mutex::new(0), Semaphore::new(2));
    let turn = || {
        silent(|cx| {
            let writer = table.write();
            let Ok(permit) = permits.acquire(cx);
            let _held = other.lock(cx);
            let _reader = lock_api::RwLockWriteGuard::downgrade(writer);
            drop(permit);
        });
    };
    turn();
    on_a_thread(turn);
}
