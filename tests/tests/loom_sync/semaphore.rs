//! There are never more holders than permits, and no permit is lost.

use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicUsize, Ordering};
use nonblock_tests::model::{explore, time_runs_out};

use crate::sync::Semaphore;
use crate::token::lend_sleepable;
use crate::{non_block, spawn};

struct Room {
    permits: Semaphore,
    inside: AtomicUsize,
}

impl Room {
    fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self { permits: Semaphore::new(permits), inside: AtomicUsize::new(0) })
    }

    fn visit(&self, most: usize) {
        assert!(self.inside.fetch_add(1, Ordering::Relaxed) < most);
        self.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn not_more_are_in_than_there_are_permits() {
    explore(3, || {
        let room = Room::new(1);
        let others = [
            spawn(&room, |room, cx| {
                room.permits.down(cx);
                room.visit(1);
                room.permits.up();
            }),
            spawn(&room, |room, cx| {
                let Ok(_permit) = room.permits.acquire(cx);
                room.visit(1);
            }),
        ];
        let cx = &mut lend_sleepable();
        non_block(cx, |nb| {
            if let Ok(_permit) = room.permits.acquire(nb) {
                room.visit(1);
            }
        });
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(room.permits.available(), 1);
    });
}

#[test]
fn each_permit_that_is_given_back_lets_one_in() {
    explore(3, || {
        let room = Room::new(0);
        let waiters = [(); 2].map(|()| spawn(&room, |room, cx| room.permits.down(cx)));
        let cx = &mut lend_sleepable();
        non_block(cx, |_nb| room.permits.up());
        room.permits.up();
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        assert_eq!(room.permits.available(), 0);
    });
}

/// A permit goes to the waiter whose time runs out, or to the other waiter. It is never lost.
#[test]
fn no_permit_is_lost_on_one_whose_time_runs_out() {
    explore(3, || {
        let room = Room::new(0);
        let timed = spawn(&room, |room, cx| {
            if room.permits.down_timeout(cx, Duration::from_secs(1)) {
                room.permits.up();
            }
        });
        let waiter = spawn(&room, |room, cx| room.permits.down(cx));
        let clock = loom::thread::spawn(time_runs_out);
        room.permits.up();
        for thread in [timed, waiter, clock] {
            thread.join().unwrap();
        }
        assert_eq!(room.permits.available(), 0);
    });
}
