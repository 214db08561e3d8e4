//! The raw locks that park, in sections, most of them used through `lock_api` itself: a report that panics leaves each as it should be.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use lock_api::RwLockUpgradableReadGuard;
use nonblock::sync::{MutexGuard, RawParkingCondvar, RawParkingMutex, RawParkingRwLock};
use nonblock::{Policy, raw, set_policy};

type Mutex<T> = lock_api::Mutex<RawParkingMutex, T>;
type Condvar = lock_api::Condvar<RawParkingCondvar>;
type RwLock<T> = lock_api::RwLock<RawParkingRwLock, T>;

/// The tests run one at a time: one changes the policy, which is the process's.
static POLICY: std::sync::Mutex<()> = std::sync::Mutex::new(());

const SHORT: Duration = Duration::from_millis(50);

/// The mutex is taken again without a second report. That one would panic, and the guard's drop would unlock what another thread has.
#[test]
fn a_wait_that_began_under_another_policy_unlocks_nothing() {
    static MUTEX: Mutex<u32> = Mutex::new(0);
    static CHANGED: Condvar = Condvar::new();
    static WAITS: AtomicBool = AtomicBool::new(false);

    let _policy = POLICY.lock();
    let before = nonblock::policy();
    set_policy(Policy::Warn);
    let waiter = thread::spawn(|| {
        raw::non_block(|_nb| {
            let mut guard = MUTEX.lock();
            WAITS.store(true, Ordering::Release);
            CHANGED.wait(&mut guard);
            *guard += 1;
        });
    });
    while !WAITS.load(Ordering::Acquire) {
        thread::yield_now();
    }
    let mut guard = MUTEX.lock();
    set_policy(Policy::Panic);
    assert!(CHANGED.notify_one());
    thread::sleep(SHORT);
    let taken = thread::spawn(|| MUTEX.try_lock().is_some()).join().unwrap();
    assert!(!taken, "two threads have the mutex");
    *guard += 1;
    drop(guard);
    waiter.join().expect("one report is enough");
    set_policy(before);
    assert_eq!(*MUTEX.lock(), 2);
}

#[test]
fn an_upgrade_whose_report_panics_leaves_the_lock() {
    static LOCK: RwLock<u32> = RwLock::new(0);

    let _policy = POLICY.lock();
    let reader = LOCK.read();
    let upgraded = thread::spawn(|| {
        let guard = LOCK.upgradable_read();
        let upgrade = AssertUnwindSafe(|| {
            raw::non_block(|_nb| drop(RwLockUpgradableReadGuard::upgrade(guard)));
        });
        catch_unwind(upgrade)
    });
    assert!(upgraded.join().unwrap().is_err(), "others read, so it waits");
    assert!(LOCK.try_upgradable_read().is_some(), "the guard is used up");
    drop(reader);
    assert!(LOCK.try_write().is_some());
}

/// The lock is waited for after the closure. What the closure left open is reported before: in the wait, a panic ends the program.
#[test]
fn a_section_left_open_while_a_lock_was_released_panics_with_the_lock_taken_again() {
    static LOCK: nonblock::sync::Mutex<u32> = nonblock::sync::Mutex::new(0);

    let _policy = POLICY.lock();
    let panicked = thread::spawn(|| {
        nonblock::sleepable(|cx| {
            let mut guard = LOCK.lock(cx);
            let (told, hears) = mpsc::channel();
            MutexGuard::unlocked(&mut guard, cx, |_cx| {
                thread::spawn(move || {
                    nonblock::sleepable(|cx| {
                        let _guard = LOCK.lock(cx);
                        told.send(()).unwrap();
                        thread::sleep(SHORT);
                    });
                });
                hears.recv().unwrap();
                raw::non_block_start();
            });
        });
    });
    assert!(panicked.join().is_err(), "the section was left open");
    assert!(LOCK.try_lock().is_some(), "the guard has released it");
}
