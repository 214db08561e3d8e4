//! `RwLock` and `SpinRwLock`: many readers or one writer.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nonblock::sync::{
    MappedRwLockReadGuard, MappedRwLockWriteGuard, RawParkingRwLock, RwLock, RwLockReadGuard,
    RwLockUpgradableReadGuard, RwLockWriteGuard, SpinRwLock, SpinRwLockWriteGuard,
};
use nonblock::testing::{expect_violation, violations};
use nonblock::{Context, WouldBlock, might_sleep, non_block, raw, sleepable, thread};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

#[test]
fn a_lock_is_made_looked_at_and_taken_apart() {
    static RANGES: RwLock<u32> = RwLock::new(1);

    sleepable(|cx| {
        *RANGES.write(cx) += 1;
        let reader = RANGES.read(cx);
        assert!(RANGES.is_locked() && !RANGES.is_locked_exclusive());
        assert_eq!(*reader, 2);
        drop(reader);
        let _writer = RANGES.write(cx);
        assert!(RANGES.is_locked() && RANGES.is_locked_exclusive());
    });
    assert!(!RANGES.is_locked());

    let mut list = RwLock::new(vec![1]);
    list.get_mut().push(2);
    assert_eq!(format!("{list:?}"), "RwLock { value: [1, 2] }");
    assert_eq!(list.into_inner(), [1, 2]);
    assert_eq!(RwLock::<u8>::default().into_inner(), 0);
    assert_eq!(SpinRwLock::from(7).into_inner(), 7);
}

#[test]
fn readers_share_and_a_writer_does_not() {
    let lock = RwLock::new(5);
    sleepable(|cx| {
        let (first, second) = (lock.read(cx), lock.try_read().expect("readers share"));
        assert_eq!(*first + *second, 10);
        assert!(lock.try_write().is_none());
        drop((first, second));
        let _writer = lock.try_write().expect("nobody reads");
        assert!(lock.try_read().is_none());
        assert!(lock.try_write().is_none());
        assert_eq!(format!("{lock:?}"), "RwLock { value: <locked> }");
    });
}

#[test]
fn a_section_tries_and_is_refused() {
    fn sum<C: Context>(lock: &RwLock<u32>, cx: &mut C) -> Result<u32, C::Refusal> {
        *lock.acquire_write(cx)? += 1;
        Ok(*lock.acquire_read(cx)?)
    }

    let lock = RwLock::new(0);
    sleepable(|cx| {
        let Ok(one) = sum(&lock, cx);
        assert_eq!(one, 1);
        assert_eq!(cx.non_block(|nb| sum(&lock, nb)), Ok(2));
        let reader = lock.read(cx);
        cx.non_block(|nb| {
            assert_eq!(sum(&lock, nb), Err(WouldBlock));
            assert_eq!(lock.acquire_read(nb).map(|value| *value), Ok(2));
        });
        drop(reader);
        let _writer = lock.write(cx);
        assert_eq!(cx.non_block(|nb| lock.acquire_read(nb).map(|value| *value)), Err(WouldBlock));
    });
}

#[test]
fn waits_with_a_time_end_when_it_has_run_out_or_the_lock_is_released() {
    static LOCK: RwLock<u32> = RwLock::new(0);

    sleepable(|cx| {
        let writer = LOCK.write(cx);
        let began = Instant::now();
        assert!(LOCK.try_read_for(cx, SHORT).is_none());
        assert!(LOCK.try_write_for(cx, SHORT).is_none());
        assert!(began.elapsed() >= 2 * SHORT);
        drop(writer);

        let (held, is_held) = mpsc::channel();
        let holder = thread::spawn(move |cx| {
            let mut writer = LOCK.write(cx);
            held.send(()).unwrap();
            thread::sleep(cx, SHORT);
            *writer = 7;
        });
        is_held.recv().unwrap();
        assert_eq!(LOCK.try_read_for(cx, LONG).map(|value| *value), Some(7));
        assert!(LOCK.try_write_for(cx, LONG).is_some());
        holder.join(cx).unwrap();
    });
}

#[test]
fn an_upgradable_reader_becomes_the_writer_and_goes_back() {
    let lock = RwLock::new(1);
    sleepable(|cx| {
        let upgradable = lock.upgradable_read(cx);
        assert!(lock.try_upgradable_read().is_none(), "there is one at a time");
        let reader = lock.try_read().expect("others may read beside it");
        let Err(upgradable) = RwLockUpgradableReadGuard::try_upgrade(upgradable) else {
            panic!("there is another reader")
        };
        drop(reader);
        let mut writer = RwLockUpgradableReadGuard::upgrade(upgradable, cx);
        *writer += 1;
        assert!(lock.try_read().is_none());
        let upgradable = RwLockWriteGuard::downgrade_to_upgradable(writer);
        assert!(lock.try_read().is_some());
        let Ok(writer) = RwLockUpgradableReadGuard::try_upgrade(upgradable) else {
            panic!("nobody else reads")
        };
        let reader = RwLockWriteGuard::downgrade(writer);
        assert_eq!(*reader, 2);
        assert!(lock.try_upgradable_read().is_some());
        drop(reader);
        let reader = RwLockUpgradableReadGuard::downgrade(lock.upgradable_read(cx));
        assert!(lock.try_upgradable_read().is_some());
        drop(reader);
    });
    assert!(!lock.is_locked());
}

#[test]
fn no_writer_comes_between_an_upgradable_reader_and_its_upgrade() {
    const THREADS: usize = 3;
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 500 };

    let lock = RwLock::new(0);
    sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            for _ in 0..THREADS {
                scope.spawn(|cx| {
                    for _ in 0..ROUNDS {
                        let seen = lock.upgradable_read(cx);
                        let value = *seen;
                        let mut writer = RwLockUpgradableReadGuard::upgrade(seen, cx);
                        assert_eq!(*writer, value);
                        *writer += 1;
                    }
                });
            }
        });
    });
    assert_eq!(lock.into_inner(), THREADS * ROUNDS);
}

#[test]
fn guards_are_narrowed_to_a_part() {
    let lock = RwLock::new((1, vec![2]));
    sleepable(|cx| {
        let list: MappedRwLockReadGuard<'_, Vec<i32>> =
            RwLockReadGuard::map(lock.read(cx), |pair| &pair.1);
        let first = MappedRwLockReadGuard::map(list, |list| &list[0]);
        assert_eq!(*first, 2);
        assert!(lock.try_read().is_some() && lock.try_write().is_none());
        drop(first);

        let mut list: MappedRwLockWriteGuard<'_, Vec<i32>> =
            RwLockWriteGuard::map(lock.write(cx), |pair| &mut pair.1);
        list.push(3);
        let Err(list) = MappedRwLockWriteGuard::try_map(list, |list| list.get_mut(9)) else {
            panic!("there is no tenth")
        };
        assert!(lock.try_read().is_none());
        drop(list);
        let Err(whole) = RwLockReadGuard::try_map(lock.read(cx), |pair| pair.1.get(9)) else {
            panic!("there is no tenth")
        };
        assert_eq!(whole.1, [2, 3]);
    });
}

#[test]
fn a_lock_is_let_go_for_a_while() {
    let lock = RwLock::new(0);
    sleepable(|cx| {
        let mut reader = lock.read(cx);
        RwLockReadGuard::unlocked(&mut reader, cx, |cx| *lock.write(cx) += 1);
        assert_eq!(*reader, 1);
        RwLockReadGuard::unlock_fair(reader);
        let mut writer = lock.write(cx);
        RwLockWriteGuard::unlocked(&mut writer, cx, |cx| assert_eq!(*lock.read(cx), 1));
        *writer += 1;
        RwLockWriteGuard::unlock_fair(writer);
        assert_eq!(*lock.read(cx), 2);
    });
}

#[test]
fn a_holder_that_panics_unlocks() {
    let (sleeping, spinning) = (RwLock::new(0), SpinRwLock::new(0));
    for writes in [true, false] {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            raw::sleepable(|cx| {
                let _held = if writes {
                    (Some(sleeping.write(cx)), None)
                } else {
                    (None, Some(sleeping.read(cx)))
                };
                cx.non_block(|nb| {
                    let _held =
                        if writes { Ok(spinning.write(nb)) } else { Err(spinning.read(nb)) };
                    resume_unwind(Box::new(()));
                });
            });
        }));
        assert!(panicked.is_err());
        assert!(!sleeping.is_locked());
        assert!(!spinning.is_locked());
        assert_eq!(raw::depth(), 0);
    }
}

#[test]
fn readers_and_writers_exclude_each_other_over_threads() {
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 1_000 };

    let (sleeping, spinning) = (RwLock::new([0_usize; 2]), SpinRwLock::new([0_usize; 2]));
    let reads = AtomicUsize::new(0);
    sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            for _ in 0..2 {
                scope.spawn(|cx| {
                    for _ in 0..ROUNDS {
                        let mut pair = sleeping.write(cx);
                        pair[0] += 1;
                        pair[1] += 1;
                        drop(pair);
                        spinning.with_write(cx, |pair, _nb| {
                            pair[0] += 1;
                            pair[1] += 1;
                        });
                    }
                });
                scope.spawn(|cx| {
                    for _ in 0..ROUNDS {
                        let pair = sleeping.read(cx);
                        assert_eq!(pair[0], pair[1]);
                        drop(pair);
                        spinning.with_read(cx, |pair, _nb| assert_eq!(pair[0], pair[1]));
                        cx.non_block(|nb| {
                            let pair = spinning.read(nb);
                            assert_eq!(pair[0], pair[1]);
                        });
                        reads.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
    });
    assert_eq!(reads.into_inner(), 2 * ROUNDS);
    assert_eq!(sleeping.into_inner(), [2 * ROUNDS; 2]);
    assert_eq!(spinning.into_inner(), [2 * ROUNDS; 2]);
}

// The one that spins.

#[test]
fn a_held_spinning_lock_counts_as_a_section() {
    let lock = SpinRwLock::new(1);
    non_block(|nb| {
        let (first, second) = (lock.read(nb), lock.try_read(nb));
        assert_eq!(raw::depth(), 3);
        assert!(lock.try_write(nb).is_none());
        assert_eq!(raw::depth(), 3);
        drop((first, second));
        let mut writer = lock.write(nb);
        *writer += 1;
        assert!(lock.try_read(nb).is_none());
        let reader = SpinRwLockWriteGuard::downgrade(writer);
        assert_eq!((raw::depth(), *reader), (2, 2));
        assert!(lock.try_read(nb).is_some());
        assert_eq!(format!("{lock:?}"), "SpinRwLock { locked: true, .. }");
        drop(reader);
        assert_eq!(raw::depth(), 1);
        drop(lock.try_write(nb).expect("nobody holds it"));
    });
    assert_eq!(raw::depth(), 0);
}

#[test]
fn with_opens_its_section_from_any_context_and_lends_its_token() {
    let (outer, inner) = (SpinRwLock::new(1), SpinRwLock::new(2));
    sleepable(|cx| {
        let sum = outer.with_write(cx, |outer, nb| {
            *outer += inner.with_read(nb, |inner, _nb| *inner);
            assert_eq!(raw::depth(), 1);
            *outer
        });
        assert_eq!(sum, 3);
        assert_eq!(cx.non_block(|nb| outer.with_read(nb, |outer, _nb| *outer)), 3);
    });
    let violation = expect_violation(|| {
        raw::sleepable(|cx| outer.with_read(cx, |_value, _nb| might_sleep()));
    });
    assert_eq!(violation.depth(), 1);
}

#[test]
fn a_forgotten_spin_guard_leaves_the_depth_raised() {
    // On a thread of its own, because the count of sections on this thread is wrong afterwards.
    let forgetful = std::thread::spawn(|| {
        let lock = SpinRwLock::new(());
        let found = violations(|| non_block(|nb| std::mem::forget(lock.read(nb))));
        // Who looks at what is held sees it at the end of the root.
        assert_eq!(found.len(), usize::from(nonblock::lockdep::ENABLED), "{found:#?}");
        assert_eq!(raw::depth(), 1);
    });
    forgetful.join().unwrap();
}

#[test]
fn locks_are_as_large_as_the_raw_locks_and_their_values() {
    type Plain<R, T> = lock_api::RwLock<R, T>;
    if nonblock::lockdep::ENABLED {
        // A lock keeps its class, too.
        return;
    }
    assert_eq!(size_of::<RwLock<u64>>(), size_of::<Plain<RawParkingRwLock, u64>>());
    // A word, and the three counts of 32 bits and one end of each of two lines of waiters.
    #[cfg(target_pointer_width = "64")]
    assert_eq!(size_of::<RawParkingRwLock>(), 56);
    // A flag more, for waiters that are overdue.
    assert_eq!(
        size_of::<SpinRwLock<u64>>(),
        size_of::<Plain<parking_lot::RawRwLock, (u64, bool)>>()
    );
}

/// Others read beside an upgradable reader. One that waits to become the next upgradable reader does not keep them out.
#[test]
fn a_reader_enters_beside_an_upgradable_reader_while_another_one_waits() {
    let lock = RwLock::new(7);
    sleepable(|cx| {
        let held = lock.upgradable_read(cx);
        thread::scope(cx, |scope, cx| {
            let next = scope.spawn(|cx| *lock.upgradable_read(cx));
            thread::sleep(cx, Duration::from_millis(50));
            // The holder waits for a reader.
            let reader = scope.spawn(|cx| {
                let began = Instant::now();
                let read = lock.try_read_for(cx, Duration::from_secs(10)).map(|guard| *guard);
                (read, began.elapsed())
            });
            let (read, waited) = reader.join(cx).unwrap();
            assert_eq!(read, Some(7));
            assert!(waited < Duration::from_secs(5), "it waited for {waited:?}");
            drop(held);
            assert_eq!(next.join(cx).unwrap(), 7);
        });
    });
}
