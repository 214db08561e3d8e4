//! Each completion lets one waiter through, the first that comes, and no completion is lost.

use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicU32, Ordering};
use nonblock_tests::model::{explore, time_runs_out};

use crate::sync::Completion;
use crate::token::lend_sleepable;
use crate::{non_block, spawn};

#[test]
fn who_waits_sees_what_was_done_before_the_completion() {
    explore(6, || {
        let fence = Arc::new((Completion::new(), AtomicU32::new(0)));
        let waiter = spawn(&fence, |(fence, done), cx| {
            fence.wait(cx);
            assert_eq!(done.load(Ordering::Relaxed), 1);
        });
        non_block(&mut lend_sleepable(), |_nb| {
            fence.1.store(1, Ordering::Relaxed);
            fence.0.complete();
        });
        waiter.join().unwrap();
        assert!(fence.0.try_wait().is_none());
    });
}

#[test]
fn each_complete_lets_one_of_two_through() {
    explore(3, || {
        let fence = Arc::new(Completion::new());
        let waiters = [(); 2].map(|()| spawn(&fence, |fence, cx| _ = fence.wait(cx)));
        fence.complete();
        fence.complete();
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        assert!(!fence.is_done());
    });
}

#[test]
fn complete_all_lets_all_through_those_that_come_too() {
    explore(3, || {
        let fence = Arc::new(Completion::new());
        let waiters = [(); 2].map(|()| spawn(&fence, |fence, cx| _ = fence.wait(cx)));
        fence.complete_all();
        let cx = &mut lend_sleepable();
        assert!(non_block(cx, |nb| fence.acquire(nb).is_ok()));
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        assert!(fence.is_done());
    });
}

/// A completion goes to the waiter whose time runs out, or to the other waiter. It is never lost.
#[test]
fn no_completion_is_lost_on_one_whose_time_runs_out() {
    explore(3, || {
        let fence = Arc::new(Completion::new());
        let timed = spawn(&fence, |fence, cx| {
            if fence.wait_for(cx, Duration::from_secs(1)).is_some() {
                fence.complete();
            }
        });
        let waiter = spawn(&fence, |fence, cx| _ = fence.wait(cx));
        let clock = loom::thread::spawn(time_runs_out);
        fence.complete();
        for thread in [timed, waiter, clock] {
            thread.join().unwrap();
        }
        assert!(fence.try_wait().is_none());
    });
}
