//! What mutexes have besides `lock`: waits with a time limit, guards of a part of the value, and releasing the lock for a while.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nonblock::sync::{
    MappedMutexGuard, MappedSpinLockGuard, Mutex, MutexGuard, SpinLock, SpinLockGuard,
};
use nonblock::{Sleepable, non_block, raw, sleepable, thread};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

#[test]
fn a_wait_with_a_time_ends_when_it_has_run_out() {
    let lock = Mutex::new(());
    sleepable(|cx| {
        let _held = lock.lock(cx);
        let began = Instant::now();
        assert!(lock.try_lock_for(cx, SHORT).is_none());
        assert!(began.elapsed() >= SHORT);
        assert!(lock.try_lock_for(cx, Duration::ZERO).is_none());
    });
    assert!(!lock.is_locked());
}

#[test]
fn a_wait_with_a_time_ends_when_the_lock_is_released() {
    static LOCK: Mutex<bool> = Mutex::new(false);

    let (held, is_held) = mpsc::channel();
    let holder = thread::spawn(move |cx| {
        let mut value = LOCK.lock(cx);
        held.send(()).unwrap();
        thread::sleep(cx, SHORT);
        *value = true;
    });
    is_held.recv().unwrap();
    sleepable(|cx| {
        assert!(*LOCK.try_lock_for(cx, LONG).expect("it is released long before"));
        // A time beyond what the clock can tell.
        assert!(LOCK.try_lock_for(cx, Duration::MAX).is_some());
        holder.join(cx).unwrap();
    });
}

#[test]
fn a_guard_is_narrowed_to_a_part_and_the_lock_stays_held() {
    let lock = Mutex::new((1, String::from("a")));
    sleepable(|cx| {
        let mut name = MutexGuard::map(lock.lock(cx), |pair| &mut pair.1);
        assert!(lock.is_locked());
        name.push('b');
        let tail: MappedMutexGuard<'_, str> = MappedMutexGuard::map(name, |name| &mut name[1..]);
        assert_eq!(format!("{tail} {tail:?}"), r#"b "b""#);
        assert!(lock.try_lock().is_none());
        drop(tail);
        assert_eq!(*lock.lock(cx), (1, "ab".to_owned()));
    });
}

#[test]
fn a_part_that_is_not_there_leaves_the_guard_as_it_was() {
    let lock = Mutex::new(vec![1, 2]);
    sleepable(|cx| {
        let guard = lock.lock(cx);
        let Err(mut guard) = MutexGuard::try_map(guard, |list| list.get_mut(2)) else {
            panic!("there is no third")
        };
        guard.push(3);
        let Ok(mut third) = MutexGuard::try_map(guard, |list| list.get_mut(2)) else {
            panic!("now there is")
        };
        *third += 1;
        assert!(lock.is_locked());
    });
    assert_eq!(lock.into_inner(), [1, 2, 4]);
}

#[test]
fn a_closure_that_panics_while_narrowing_releases_the_lock() {
    let (sleeping, spinning) = (Mutex::new(0), SpinLock::new(0));
    for narrow in [true, false] {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            raw::sleepable(|cx| {
                if narrow {
                    drop(MutexGuard::map(sleeping.lock(cx), |_: &mut i32| -> &mut i32 {
                        resume_unwind(Box::new(()))
                    }));
                } else {
                    cx.non_block(|nb| {
                        drop(SpinLockGuard::map(spinning.lock(nb), |_: &mut i32| -> &mut i32 {
                            resume_unwind(Box::new(()))
                        }));
                    });
                }
            });
        }));
        assert!(panicked.is_err());
    }
    assert!(!sleeping.is_locked());
    assert!(!spinning.is_locked());
    assert_eq!(raw::depth(), 0);
}

#[test]
fn a_part_of_a_spin_locks_value_keeps_its_section_open() {
    let lock = SpinLock::new((1, 2));
    non_block(|nb| {
        let depth = raw::depth();
        let mut part: MappedSpinLockGuard<'_, i32> =
            SpinLockGuard::map(lock.lock(nb), |pair| &mut pair.1);
        assert_eq!(raw::depth(), depth + 1);
        *part += 1;
        let Err(part) = MappedSpinLockGuard::try_map(part, |_| None::<&mut i32>) else {
            panic!("it finds nothing")
        };
        assert_eq!(raw::depth(), depth + 1);
        drop(part);
        assert_eq!(raw::depth(), depth);
    });
    assert_eq!(lock.into_inner(), (1, 3));
}

#[test]
fn a_lock_is_let_go_for_a_while_and_held_again() {
    let lock = Mutex::new(0);
    sleepable(|cx| {
        let mut guard = lock.lock(cx);
        *guard = 1;
        let returned = MutexGuard::unlocked(&mut guard, cx, |cx| {
            thread::sleep(cx, Duration::from_millis(1));
            let mut inner = lock.try_lock().expect("it was let go");
            *inner += 1;
            "returned"
        });
        assert_eq!((returned, *guard), ("returned", 2));
        assert!(lock.try_lock().is_none());
    });
}

#[test]
fn a_lock_that_is_let_go_is_held_again_when_the_closure_panics() {
    let lock = Mutex::new(0);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        raw::sleepable(|cx| {
            let mut guard = lock.lock(cx);
            let inner = catch_unwind(AssertUnwindSafe(|| {
                MutexGuard::unlocked(&mut guard, cx, |_cx| resume_unwind(Box::new(())));
            }));
            assert!(inner.is_err());
            assert!(lock.try_lock().is_none());
            *guard += 1;
            resume_unwind(Box::new(()));
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(*lock.try_lock().expect("it was released"), 1);
}

#[test]
fn a_fair_release_hands_the_lock_to_the_waiter() {
    static LOCK: Mutex<u32> = Mutex::new(0);
    static WAITS: AtomicBool = AtomicBool::new(false);

    /// Whether the waiter had the lock before this thread had it again.
    fn waiter_is_first(cx: &mut Sleepable) -> bool {
        WAITS.store(false, Ordering::Release);
        let mut guard = LOCK.lock(cx);
        *guard = 0;
        let waiter = thread::spawn(|cx| {
            WAITS.store(true, Ordering::Release);
            *LOCK.lock(cx) = 1;
        });
        while !WAITS.load(Ordering::Acquire) {
            thread::yield_now(cx);
        }
        // It is about to wait, if it does not wait already.
        thread::sleep(cx, SHORT);
        MutexGuard::unlock_fair(guard);
        let first = *LOCK.lock(cx) == 1;
        waiter.join(cx).unwrap();
        first
    }

    // On a busy machine it may not have got to waiting yet. Unless it is handed the lock, it is never first: this thread is
    // awake, and takes the lock again at once.
    sleepable(|cx| {
        assert!((0..50).any(|_round| waiter_is_first(cx)), "the waiter was never first");
    });
}

#[test]
fn a_fair_release_of_a_spin_lock_ends_its_section() {
    let lock = SpinLock::<_, parking_lot::RawMutex>::with_raw(());
    non_block(|nb| {
        SpinLockGuard::unlock_fair(lock.lock(nb));
        assert!(!lock.is_locked());
        assert_eq!(raw::depth(), 1);
    });
}
