//! What a section is offered never sleeps, by the kernel's own count, while other threads do the same in its way.
#![cfg(target_os = "linux")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nonblock::sync::{SpinLock, SpinRwLock};
use nonblock::{NonBlock, non_block};

/// How long each operation is done over and over.
const TIME: Duration = Duration::from_millis(300);

/// More threads than the machine has processors, so that each loses its own while it holds what the others wait for.
fn others() -> usize {
    thread::available_parallelism().map_or(2, usize::from) + 1
}

/// How often this thread gave its processor up because it had to wait.
fn waits() -> i64 {
    getrusage(UsageWho::RUSAGE_THREAD).expect("Linux counts").voluntary_context_switches()
}

/// How often a section waited, and how often it did the operation, while other threads did `disturb`.
fn waits_of(
    operation: &(dyn Fn(&mut NonBlock) + Sync),
    disturb: &(dyn Fn(&mut NonBlock) + Sync),
) -> (i64, u64) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..others() {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    non_block(|nb| disturb(nb));
                }
            });
        }
        // A thread of its own, whose first call this is.
        let measured = scope.spawn(|| {
            let (before, start) = (waits(), Instant::now());
            let calls = non_block(|nb| {
                let mut calls = 0;
                while start.elapsed() < TIME {
                    operation(nb);
                    calls += 1;
                }
                calls
            });
            (waits() - before, calls)
        });
        let measured = measured.join().expect("the operation does not panic");
        done.store(true, Ordering::Relaxed);
        measured
    })
}

#[track_caller]
fn never_waits(
    name: &str,
    operation: &(dyn Fn(&mut NonBlock) + Sync),
    disturb: &(dyn Fn(&mut NonBlock) + Sync),
) {
    let (waited, calls) = waits_of(operation, disturb);
    assert!(calls > 100, "{name}: only {calls} calls");
    assert_eq!(waited, 0, "{name}: in {calls} calls");
}

/// Keeps a lock for some hundred nanoseconds.
fn work(value: &mut u64) {
    for _ in 0..100 {
        *value = std::hint::black_box(*value + 1);
    }
}

#[test]
fn a_section_that_waits_for_a_spin_lock_does_not_sleep() {
    let lock = SpinLock::new(0);
    let take = |nb: &mut NonBlock| work(&mut lock.lock(nb));
    never_waits("SpinLock::lock", &take, &take);
    let take = |nb: &mut NonBlock| lock.with(nb, |value, _nb| work(value));
    never_waits("SpinLock::with", &take, &take);
}

#[test]
fn a_section_that_waits_for_a_spinning_read_write_lock_does_not_sleep() {
    let lock = SpinRwLock::new(0);
    let write = |nb: &mut NonBlock| work(&mut lock.write(nb));
    let read = |nb: &mut NonBlock| work(&mut lock.read(nb).clone());
    never_waits("SpinRwLock::write", &write, &read);
    never_waits("SpinRwLock::read", &read, &write);
}

/// The count sees a sleep: this lock parks whoever waits long.
#[test]
fn the_count_sees_a_lock_that_parks() {
    let lock = SpinLock::<_, parking_lot::RawMutex>::with_raw(0);
    let take = |nb: &mut NonBlock| work(&mut lock.lock(nb));
    let (waited, calls) = waits_of(&take, &take);
    assert!(waited > 0, "parking_lot's raw lock never parked in {calls} calls");
}
