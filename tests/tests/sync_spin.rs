//! The raw lock that spins, used by a mutex and by a spin lock.

use nonblock::sync::{self, RawSpin, SpinLockGuard};
use nonblock::testing::violations;
use nonblock::{WouldBlock, non_block, raw, sleepable, thread};

type Mutex<T> = sync::Mutex<T, RawSpin>;
type SpinLock<T> = sync::SpinLock<T, RawSpin>;

#[test]
fn it_is_taken_and_released() {
    static SLEEPING: Mutex<u32> = Mutex::with_raw(1);
    static SPINNING: SpinLock<u32> = SpinLock::with_raw(1);

    sleepable(|cx| {
        let held = SLEEPING.lock(cx);
        assert!(SLEEPING.is_locked() && SLEEPING.try_lock().is_none());
        assert_eq!(cx.non_block(|nb| SLEEPING.acquire(nb).map(|value| *value)), Err(WouldBlock));
        drop(held);
        cx.non_block(|nb| {
            let mut held = SPINNING.lock(nb);
            *held += 1;
            assert_eq!(raw::depth(), 2);
            assert!(SPINNING.is_locked() && SPINNING.try_lock(nb).is_none());
            let held = SpinLockGuard::map(held, |value| value);
            assert!(SPINNING.is_locked());
            drop(held);
        });
        assert!(!SLEEPING.is_locked() && !SPINNING.is_locked());
        assert_eq!(SPINNING.with(cx, |value, _nb| *value), 2);
    });
}

#[test]
fn it_excludes_over_threads() {
    const THREADS: usize = 3;
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 2_000 };

    let (sleeping, spinning) = (Mutex::with_raw(0), SpinLock::with_raw(0));
    let found = violations(|| {
        sleepable(|cx| {
            thread::scope(cx, |scope, _cx| {
                for _ in 0..THREADS {
                    scope.spawn(|cx| {
                        for _ in 0..ROUNDS {
                            *sleeping.lock(cx) += 1;
                            spinning.with(cx, |value, _nb| *value += 1);
                        }
                    });
                }
            });
        });
    });
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(sleeping.into_inner(), THREADS * ROUNDS);
    assert_eq!(spinning.into_inner(), THREADS * ROUNDS);
}

#[test]
fn a_forgotten_guard_leaves_it_locked() {
    let lock = Mutex::with_raw(());
    sleepable(|cx| std::mem::forget(lock.lock(cx)));
    assert!(lock.is_locked());
    non_block(|_nb| assert!(lock.try_lock().is_none()));
}
