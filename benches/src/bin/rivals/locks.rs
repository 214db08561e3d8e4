//! Locks, against the raw locks that they are built on, and against locks of other crates.

use std::hint::black_box;
use std::sync as std_sync;

use benches::{Goal, Group, Plan, repeat, timed, together};
use nonblock::sync::{Mutex, RwLock, SpinLock, SpinRwLock};
use tracing_mutex::stdsync::tracing as tracing_sync;

use crate::raw::{BareMutex, BareRwLock};

const RAW: &str = "the raw lock (RawParkingMutex or RawParkingRwLock)";
const PARKING_LOT: &str = "parking_lot";
const STD: &str = "std";
const TRACING: &str = "tracing-mutex (std's, watched for order)";

/// Both builds against the raw lock that parks. The sleeping locks stand on it: nothing with checks off, but for what a run
/// varies by, and little with checks on. The spin locks stand on raw locks of their own.
fn goals(group: &mut Group, of: &str, threads: usize) {
    if nonblock::CHECKS {
        group.goal(
            Goal::at_most(1.25, of, RAW).cause("the lock's check, and a spin lock's section"),
        );
        return;
    }
    if of.contains("Spin") {
        // A raw lock of the library's own, which spins, beside one that parks.
        group.goal(Goal::at_most(1.0, of, RAW).cause(
            "an exchange to take it and a store to release it, beside an exchange and a read-modify-write; readers, who are counted, have two as well",
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
fn rival<L: Sync + 'static>(
    group: &mut Group,
    threads: usize,
    name: &str,
    make: fn() -> L,
    work: fn(&L, u64),
) {
    let ours = name.starts_with("nonblock");
    match (threads, ours) {
        (1, true) => group.ours(name, move || one(make, work)),
        (1, false) => group.rival(name, move || one(make, work)),
        (_, true) => group.ours(name, move || several(threads, make, work)),
        (_, false) => group.rival(name, move || several(threads, make, work)),
    }
    if threads == 1 {
        group.counted(1000);
    }
    if ours {
        goals(group, name, threads);
    }
}

fn one<L>(make: fn() -> L, work: fn(&L, u64)) -> impl FnMut(u64) -> std::time::Duration {
    let lock = make();
    timed(move |times| work(&lock, times))
}

fn several<L: Sync>(
    threads: usize,
    make: fn() -> L,
    work: fn(&L, u64),
) -> impl FnMut(u64) -> std::time::Duration {
    let lock = make();
    together(threads, move |_number, times| work(&lock, times))
}

fn mutexes(group: &mut Group, threads: usize) {
    group.about(
        "Locking, raising a number, unlocking. The spin lock is taken in a section that is open.",
    );
    rival(group, threads, RAW, BareMutex::new, |lock, times| repeat(times, || lock.raise()));
    rival(
        group,
        threads,
        "nonblock's Mutex",
        || Mutex::new(0_u64),
        |lock, times| {
            nonblock::raw::sleepable(|cx| repeat(times, || *lock.lock(cx) += 1));
        },
    );
    rival(
        group,
        threads,
        "nonblock's SpinLock",
        || SpinLock::new(0_u64),
        |lock, times| {
            nonblock::raw::non_block(|nb| repeat(times, || *lock.lock(nb) += 1));
        },
    );
    rival(
        group,
        threads,
        "nonblock's SpinLock, by `with`",
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
}

fn readers(group: &mut Group, threads: usize) {
    group.about("Locking to read, reading a number, unlocking.");
    rival(group, threads, RAW, BareRwLock::new, |lock, times| {
        repeat(times, || {
            black_box(lock.get());
        });
    });
    rival(
        group,
        threads,
        "nonblock's RwLock",
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
        "nonblock's SpinRwLock",
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
}

fn writers(group: &mut Group, threads: usize) {
    group.about("Locking to write, raising a number, unlocking.");
    rival(group, threads, RAW, BareRwLock::new, |lock, times| repeat(times, || lock.raise()));
    rival(
        group,
        threads,
        "nonblock's RwLock",
        || RwLock::new(0_u64),
        |lock, times| {
            nonblock::raw::sleepable(|cx| repeat(times, || *lock.write(cx) += 1));
        },
    );
    rival(
        group,
        threads,
        "nonblock's SpinRwLock",
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
}
