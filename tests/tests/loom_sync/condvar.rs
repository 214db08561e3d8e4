//! No notification is lost between looking at the value and waiting for it to change.

use std::sync::Arc;

use nonblock_tests::model::explore;

use crate::sync::{Condvar, Mutex};
use crate::token::lend_sleepable;
use crate::{non_block, spawn};

type Shared = (Mutex<u32>, Condvar);

fn shared() -> Arc<Shared> {
    Arc::new((Mutex::new(0), Condvar::new()))
}

#[test]
fn who_waits_is_woken_by_who_changes_the_value() {
    explore(5, || {
        let shared = shared();
        let waiter = spawn(&shared, |(value, changed), cx| {
            let mut value = value.lock(cx);
            while *value == 0 {
                changed.wait(cx, &mut value);
            }
            *value
        });
        let cx = &mut lend_sleepable();
        *shared.0.lock(cx) = 1;
        non_block(cx, |_nb| shared.1.notify_one());
        assert_eq!(waiter.join().unwrap(), 1);
    });
}

#[test]
fn each_notification_wakes_one_of_two() {
    explore(3, || {
        let shared = shared();
        let waiters = [(); 2].map(|()| {
            spawn(&shared, |(value, changed), cx| {
                let mut value = value.lock(cx);
                changed.wait_while(cx, &mut value, |value| *value == 0);
                *value -= 1;
            })
        });
        let cx = &mut lend_sleepable();
        for _ in 0..2 {
            *shared.0.lock(cx) += 1;
            shared.1.notify_one();
        }
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        assert_eq!(*shared.0.lock(cx), 0);
    });
}

#[test]
fn all_are_woken_at_once() {
    explore(3, || {
        let shared = shared();
        let waiters = [(); 2].map(|()| {
            spawn(&shared, |(value, changed), cx| {
                let mut value = value.lock(cx);
                changed.wait_while(cx, &mut value, |value| *value == 0);
            })
        });
        let cx = &mut lend_sleepable();
        *shared.0.lock(cx) = 1;
        assert!(shared.1.notify_all() <= 2);
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    });
}
