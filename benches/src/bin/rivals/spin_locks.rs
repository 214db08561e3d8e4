//! Spin locks, against the crate spin's, and against `parking_lot`'s, whose holders may be taken off their processor.

use std::hint::black_box;

use benches::{Goal, Group, Plan, repeat};
use nonblock::sync::{SpinLock, SpinRwLock};

use crate::locks::{about, rival};

const LOCK: &str = "nonblock's SpinLock";
const LOCK_WITH: &str = "nonblock's SpinLock, by `with`";
const RWLOCK: &str = "nonblock's SpinRwLock";
const SPIN: &str = "spin";
const PARKING_LOT: &str = "parking_lot";

/// With checks on, a spin lock opens a section.
fn goals(group: &mut Group, of: &str, threads: usize, reads: bool) {
    let most = if nonblock::CHECKS { 1.25 } else { 1.0 };
    let goal = Goal::at_most_the_best(most, of, &[SPIN, PARKING_LOT]);
    group.goal(goal.cause(match (threads, reads) {
        (1, _) => {
            "the same number of read-modify-writes. Which of the two is ahead differs from run to run, by where it has its code"
        }
        (_, true) => {
            "a reader adds itself by a compare-and-exchange, so that one that is refused changes nothing, and another reader that \
             comes in between makes it try again; spin's adds itself by one operation that cannot fail, and takes itself back where it \
             is refused"
        }
        (_, false) => {
            "parking_lot's waiter looks three times, and then gives its processor away by system calls (`strace` counts them), so that \
             the holder has the lock's cache line to itself for longer. A spin lock makes no system call: its waiter looks again \
             after a pause, which grows to 64 spins at most so that it sees soon that the lock is free"
        }
    }));
}

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("spin_lock", "A spin lock, uncontended", |group| locks(group, 1));
    plan.group("spin_lock_contended", "A spin lock, contended by 2 threads", |group| {
        locks(group, 2);
    });
    plan.group("spin_rwlock_read", "A read-write spin lock to read, uncontended", |group| {
        readers(group, 1);
    });
    plan.group(
        "spin_rwlock_read_contended",
        "A read-write spin lock, read by 2 threads",
        |group| {
            readers(group, 2);
        },
    );
    plan.group("spin_rwlock_write", "A read-write spin lock to write, uncontended", |group| {
        writers(group, 1);
    });
    plan.group(
        "spin_rwlock_write_contended",
        "A read-write spin lock, written by 2 threads",
        |group| writers(group, 2),
    );
}

fn locks(group: &mut Group, threads: usize) {
    about(
        group,
        threads,
        "Locking, raising a number, unlocking. Ours is taken in a section that is open; `with` opens one for it. parking_lot's parks after it has spun.",
    );
    rival(
        group,
        threads,
        SPIN,
        || spin::Mutex::new(0_u64),
        |lock, times| {
            repeat(times, || *lock.lock() += 1);
        },
    );
    rival(
        group,
        threads,
        LOCK,
        || SpinLock::new(0_u64),
        |lock, times| {
            nonblock::raw::non_block(|nb| repeat(times, || *lock.lock(nb) += 1));
        },
    );
    rival(
        group,
        threads,
        LOCK_WITH,
        || SpinLock::new(0_u64),
        |lock, times| {
            nonblock::raw::sleepable(|cx| {
                repeat(times, || lock.with(cx, |value, _nb| *value += 1));
            });
        },
    );
    rival(
        group,
        threads,
        PARKING_LOT,
        || parking_lot::Mutex::new(0_u64),
        |lock, times| {
            repeat(times, || *lock.lock() += 1);
        },
    );
    goals(group, LOCK, threads, false);
    goals(group, LOCK_WITH, threads, false);
}

fn readers(group: &mut Group, threads: usize) {
    about(
        group,
        threads,
        "Locking to read, reading a number, unlocking. Ours is taken in a section that is open. parking_lot's parks after it has spun.",
    );
    rival(
        group,
        threads,
        SPIN,
        || spin::RwLock::new(0_u64),
        |lock, times| {
            repeat(times, || {
                black_box(*lock.read());
            });
        },
    );
    rival(
        group,
        threads,
        RWLOCK,
        || SpinRwLock::new(0_u64),
        |lock, times| {
            nonblock::raw::non_block(|nb| {
                repeat(times, || {
                    black_box(*lock.read(nb));
                });
            });
        },
    );
    rival(
        group,
        threads,
        PARKING_LOT,
        || parking_lot::RwLock::new(0_u64),
        |lock, times| {
            repeat(times, || {
                black_box(*lock.read());
            });
        },
    );
    goals(group, RWLOCK, threads, true);
}

fn writers(group: &mut Group, threads: usize) {
    about(
        group,
        threads,
        "Locking to write, raising a number, unlocking. Ours is taken in a section that is open. parking_lot's parks after it has spun.",
    );
    rival(
        group,
        threads,
        SPIN,
        || spin::RwLock::new(0_u64),
        |lock, times| {
            repeat(times, || *lock.write() += 1);
        },
    );
    rival(
        group,
        threads,
        RWLOCK,
        || SpinRwLock::new(0_u64),
        |lock, times| {
            nonblock::raw::non_block(|nb| repeat(times, || *lock.write(nb) += 1));
        },
    );
    rival(
        group,
        threads,
        PARKING_LOT,
        || parking_lot::RwLock::new(0_u64),
        |lock, times| {
            repeat(times, || *lock.write() += 1);
        },
    );
    goals(group, RWLOCK, threads, false);
}
