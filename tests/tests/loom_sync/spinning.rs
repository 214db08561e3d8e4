//! The raw locks that spin: their own words, and not the model's raw locks.

use std::sync::Arc;

use nonblock_tests::model::explore;

use crate::sync::{SpinRwLockWriteGuard, SpinningLock, SpinningRwLock};
use crate::token::lend_sleepable;
use crate::{Guarded, non_block, spawn};

#[test]
fn a_lock_that_spins_has_one_holder() {
    explore(4, || {
        let lock = Arc::new(SpinningLock::with_raw(Guarded::default()));
        let other = spawn(&lock, |lock, cx| non_block(cx, |nb| lock.lock(nb).add(1)));
        let cx = &mut lend_sleepable();
        let tried = non_block(cx, |nb| lock.try_lock(nb).map(|held| held.add(1)).is_some());
        non_block(cx, |nb| lock.lock(nb).add(1));
        other.join().unwrap();
        let sum = non_block(cx, |nb| lock.lock(nb).read());
        assert_eq!(sum, 2 + u32::from(tried));
    });
}

#[test]
fn a_writer_that_spins_is_alone_and_then_the_only_reader() {
    explore(3, || {
        let lock = Arc::new(SpinningRwLock::with_raw(Guarded::default()));
        let writer = spawn(&lock, |lock, cx| {
            non_block(cx, |nb| {
                let held = lock.write(nb);
                held.add(1);
                assert_eq!(SpinRwLockWriteGuard::downgrade(held).read() % 2, 1);
            });
        });
        let cx = &mut lend_sleepable();
        non_block(cx, |nb| assert!(lock.read(nb).read() < 2));
        non_block(cx, |nb| {
            if let Some(held) = lock.try_write(nb) {
                held.add(2);
            }
        });
        writer.join().unwrap();
        let sum = non_block(cx, |nb| lock.read(nb).read());
        assert!(sum == 1 || sum == 3, "{sum}");
    });
}

#[test]
fn a_reader_reads_again_while_a_writer_waits() {
    explore(3, || {
        let lock = Arc::new(SpinningRwLock::with_raw(Guarded::default()));
        let writer = spawn(&lock, |lock, cx| non_block(cx, |nb| lock.write(nb).add(1)));
        let cx = &mut lend_sleepable();
        non_block(cx, |nb| {
            let outer = lock.read(nb);
            assert_eq!(lock.read(nb).read(), outer.read());
        });
        writer.join().unwrap();
        assert_eq!(non_block(cx, |nb| lock.read(nb).read()), 1);
    });
}

/// (No more than two threads wait at once: the checker would let two take turns without end while a third goes on.)
#[test]
fn two_writers_get_their_turn() {
    explore(4, || {
        let lock = Arc::new(SpinningRwLock::with_raw(Guarded::default()));
        let other = spawn(&lock, |lock, cx| non_block(cx, |nb| lock.write(nb).add(1)));
        let cx = &mut lend_sleepable();
        non_block(cx, |nb| lock.write(nb).add(1));
        let tried = non_block(cx, |nb| lock.try_read(nb).map(|held| held.read()));
        assert!(tried.is_none_or(|sum| sum == 1 || sum == 2), "{tried:?}");
        other.join().unwrap();
        assert_eq!(non_block(cx, |nb| lock.read(nb).read()), 2);
    });
}
