//! Locks that park, against the raw locks that they are built on, and against locks of other crates.

use std::hint::black_box;
use std::sync as std_sync;

use benches::batch::Batch;
use benches::{Goal, Group, Padded, Plan, repeat, timed, together};
use nonblock::sync::{Mutex, RwLock};
use tracing_mutex::stdsync::tracing as tracing_sync;

use crate::raw::{BareMutex, BareRwLock};

const RAW: &str = "the raw lock (RawParkingMutex or RawParkingRwLock)";
const MUTEX: &str = "nonblock's Mutex";
const RWLOCK: &str = "nonblock's RwLock";
const PARKING_LOT: &str = "parking_lot";
const STD: &str = "std";
const TRACING: &str = "tracing-mutex (std's, watched for order)";

/// With checks off, ours are the raw lock, but for what a run varies by, and no slower than those of others. With checks on there is
/// a check.
fn goals(group: &mut Group, of: &str, threads: usize) {
    if nonblock::CHECKS {
        group.goal(Goal::at_most(1.25, of, RAW).cause(
            "the check, whether the caller may sleep: a load of the thread's count, and a branch. The load waits until the processor is \
             done with the read-modify-write that released the lock before",
        ));
        return;
    }
    group.goal(Goal::at_most(1.02, of, RAW).cause(
        "none in the code: with checks off it is the raw lock's, instruction by instruction (see the comparison of machine \
         code). What differs is where the run had its threads and its code",
    ));
    if threads == 1 {
        group.goal(Goal::more_instructions(0.0, of, RAW));
    }
    let goal = Goal::at_most_the_best(1.0, of, &[PARKING_LOT, STD]);
    group.goal(if of == MUTEX && threads == 1 {
        goal.cause(
            "to release it is a read-modify-write that keeps the mark of a waiter that was overtaken too often; std's, which knows \
             no such waiters, exchanges the word, which takes about 3% less of both",
        )
    } else if threads == 1 {
        goal.cause("as many read-modify-writes as the others' have. Which is ahead differs by 1% or 2% from run to run")
    } else {
        goal.cause(
            "two processors pass cache lines to each other, and the same program takes a tenth more or less for it from run to run \
             (parking_lot's, read by two: 134 to 150 ns in six runs). Besides, whoever enters looks first at the line of those who wait, \
             so that no reader overtakes a writer; std's has that in the word that it exchanges",
        )
    });
}

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("mutex", "A mutex, uncontended", |group| mutexes(group, 1));
    plan.group("mutex_contended", "A mutex, contended by 2 threads", |group| mutexes(group, 2));
    plan.group("rwlock_read", "A read-write lock to read, uncontended", |group| readers(group, 1));
    plan.group("rwlock_read_contended", "A read-write lock, read by 2 threads", |group| {
        readers(group, 2);
    });
    plan.group("rwlock_write", "A read-write lock to write, uncontended", |group| {
        writers(group, 1);
    });
    plan.group("rwlock_write_contended", "A read-write lock, written by 2 threads", |group| {
        writers(group, 2);
    });
}

/// A rival that does something with a lock so many times, in so many threads.
pub(crate) fn rival<L: Sync + 'static>(
    group: &mut Group,
    threads: usize,
    name: &str,
    make: fn() -> L,
    work: fn(&L, u64),
) {
    let batch = move || -> Batch {
        let lock = Padded::new(make());
        if threads == 1 {
            Box::new(timed(move |times| work(&lock, times)))
        } else {
            Box::new(together(threads, move |_number, times| work(&lock, times)))
        }
    };
    if name.starts_with("nonblock") {
        group.ours(name, batch);
    } else {
        group.rival(name, batch);
    }
    if threads == 1 {
        group.counted(1000);
    }
}

/// Says what is done with a lock, by so many threads.
pub(crate) fn about(group: &mut Group, threads: usize, what: &str) {
    let whose = if threads == 1 { "" } else { " The time is that of one thread's operation." };
    group.about(&format!("{what} Each lock begins a cache line.{whose}"));
}

fn mutexes(group: &mut Group, threads: usize) {
    about(group, threads, "Locking, raising a number, unlocking.");
    rival(group, threads, RAW, BareMutex::new, |lock, times| repeat(times, || lock.raise()));
    rival(
        group,
        threads,
        MUTEX,
        || Mutex::new(0_u64),
        |lock, times| {
            nonblock::raw::sleepable(|cx| repeat(times, || *lock.lock(cx) += 1));
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
    rival(
        group,
        threads,
        STD,
        || std_sync::Mutex::new(0_u64),
        |lock, times| {
            repeat(times, || *lock.lock().expect("no holder panics") += 1);
        },
    );
    rival(
        group,
        threads,
        TRACING,
        || tracing_sync::Mutex::new(0_u64),
        |lock, times| {
            repeat(times, || *lock.lock().expect("no holder panics") += 1);
        },
    );
    goals(group, MUTEX, threads);
}

fn readers(group: &mut Group, threads: usize) {
    about(group, threads, "Locking to read, reading a number, unlocking.");
    rival(group, threads, RAW, BareRwLock::new, |lock, times| {
        repeat(times, || lock.read());
    });
    rival(
        group,
        threads,
        RWLOCK,
        || RwLock::new(0_u64),
        |lock, times| {
            nonblock::raw::sleepable(|cx| {
                repeat(times, || {
                    black_box(*lock.read(cx));
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
    rival(
        group,
        threads,
        STD,
        || std_sync::RwLock::new(0_u64),
        |lock, times| {
            repeat(times, || {
                black_box(*lock.read().expect("no holder panics"));
            });
        },
    );
    rival(
        group,
        threads,
        TRACING,
        || tracing_sync::RwLock::new(0_u64),
        |lock, times| {
            repeat(times, || {
                black_box(*lock.read().expect("no holder panics"));
            });
        },
    );
    goals(group, RWLOCK, threads);
}

fn writers(group: &mut Group, threads: usize) {
    about(group, threads, "Locking to write, raising a number, unlocking.");
    rival(group, threads, RAW, BareRwLock::new, |lock, times| repeat(times, || lock.raise()));
    rival(
        group,
        threads,
        RWLOCK,
        || RwLock::new(0_u64),
        |lock, times| {
            nonblock::raw::sleepable(|cx| repeat(times, || *lock.write(cx) += 1));
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
    rival(
        group,
        threads,
        STD,
        || std_sync::RwLock::new(0_u64),
        |lock, times| {
            repeat(times, || *lock.write().expect("no holder panics") += 1);
        },
    );
    rival(
        group,
        threads,
        TRACING,
        || tracing_sync::RwLock::new(0_u64),
        |lock, times| {
            repeat(times, || *lock.write().expect("no holder panics") += 1);
        },
    );
    goals(group, RWLOCK, threads);
}
