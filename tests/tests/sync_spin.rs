//! The raw lock that spins, beneath a spin lock.

use nonblock::sync::{self, RawSpin, SpinLockGuard};
use nonblock::testing::violations;
use nonblock::{non_block, raw, sleepable, thread};

type SpinLock<T> = sync::SpinLock<T, RawSpin>;

#[test]
fn it_is_taken_and_released() {
    static SPINNING: SpinLock<u32> = SpinLock::with_raw(1);

    sleepable(|cx| {
        cx.non_block(|nb| {
            let mut held = SPINNING.lock(nb);
            *held += 1;
            assert_eq!(raw::depth(), 2);
            assert!(SPINNING.is_locked() && SPINNING.try_lock(nb).is_none());
            let held = SpinLockGuard::map(held, |value| value);
            assert!(SPINNING.is_locked());
            drop(held);
        });
        assert!(!SPINNING.is_locked());
        assert_eq!(SPINNING.with(cx, |value, _nb| *value), 2);
    });
}

#[test]
fn it_excludes_over_threads() {
    const THREADS: usize = 3;
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 2_000 };

    let spinning = SpinLock::with_raw(0);
    let found = violations(|| {
        sleepable(|cx| {
            thread::scope(cx, |scope, _cx| {
                for _ in 0..THREADS {
                    scope.spawn(|cx| {
                        for _ in 0..ROUNDS {
                            spinning.with(cx, |value, _nb| *value += 1);
                        }
                    });
                }
            });
        });
    });
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(spinning.into_inner(), THREADS * ROUNDS);
}

#[test]
fn a_forgotten_guard_leaves_it_locked() {
    let lock = SpinLock::with_raw(());
    let found = nonblock::testing::violations(|| {
        non_block(|nb| std::mem::forget(lock.lock(nb)));
    });
    // Who looks at what is held sees it at the end of the root.
    assert_eq!(found.len(), usize::from(nonblock::lockdep::ENABLED), "{found:#?}");
    assert!(lock.is_locked());
    non_block(|nb| assert!(lock.try_lock(nb).is_none()));
    // The forgotten section.
    raw::non_block_end();
}

/// A section that waits for a spin lock waits for a section. If the raw lock could be taken beneath another lock, without a
/// token, a section would wait for whoever sleeps.
#[test]
fn the_raw_lock_is_no_raw_lock_for_others() {
    trait NoRawMutex {
        const IS_RAW_MUTEX: bool = false;
    }
    struct Ask<T>(std::marker::PhantomData<T>);
    impl<T> NoRawMutex for Ask<T> {}
    impl<T: sync::lock_api::RawMutex> Ask<T> {
        const IS_RAW_MUTEX: bool = true;
    }

    let answers = [Ask::<parking_lot::RawMutex>::IS_RAW_MUTEX, Ask::<RawSpin>::IS_RAW_MUTEX];
    assert_eq!(answers, [true, false]);
}

#[test]
fn a_guard_lends_a_token_while_it_is_held() {
    fn double(value: &mut u32, nb: &mut nonblock::NonBlock) {
        nb.non_block(|_nb| *value *= 2);
    }

    let (outer, inner) = (SpinLock::with_raw(5), SpinLock::with_raw(7));
    non_block(|nb| {
        let mut held = outer.lock(nb);
        let (value, nb) = held.parts();
        double(value, nb);
        assert_eq!(inner.with(nb, |inner, _nb| *inner + *value), 17);
        let mut part = SpinLockGuard::map(held, |value| value);
        let (value, nb) = part.parts();
        double(value, nb);
        assert_eq!(raw::depth(), 2);
    });
    assert_eq!(outer.into_inner(), 20);
}

#[test]
fn a_reader_reads_again_while_a_writer_waits() {
    let lock = sync::SpinRwLock::new(1);
    std::thread::scope(|scope| {
        non_block(|nb| {
            let outer = lock.read(nb);
            let writer = scope.spawn(|| non_block(|nb| *lock.write(nb) += 1));
            // Long enough for the writer to be overdue.
            let start = std::time::Instant::now();
            while start.elapsed() < std::time::Duration::from_millis(20) {
                assert_eq!((*lock.read(nb), lock.is_locked_exclusive()), (1, false));
            }
            drop(outer);
            writer.join().unwrap();
        });
    });
    assert_eq!(lock.into_inner(), 2);
}

#[test]
fn a_read_write_lock_excludes_writers_over_threads() {
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 5_000 };

    // Two numbers that are equal whenever nobody writes.
    let pair = sync::SpinRwLock::new((0, 0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                non_block(|nb| {
                    for _ in 0..ROUNDS {
                        let mut both = pair.write(nb);
                        both.0 += 1;
                        both.1 += 1;
                        let both = sync::SpinRwLockWriteGuard::downgrade(both);
                        assert_eq!(both.0, both.1);
                    }
                });
            });
            scope.spawn(|| {
                non_block(|nb| {
                    for _ in 0..ROUNDS {
                        let both = pair.read(nb);
                        assert_eq!(both.0, both.1);
                    }
                });
            });
        }
    });
    assert_eq!(pair.into_inner(), (2 * ROUNDS, 2 * ROUNDS));
}

/// Readers whose holds overlap, so that there is never a moment without one, unless they let the writer go first.
#[test]
fn a_writer_gets_in_between_readers_that_overlap() {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    const HOLD: Duration = Duration::from_micros(if cfg!(miri) { 1 } else { 300 });
    const WRITES: u32 = 50;
    let (lock, done) = (sync::SpinRwLock::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    non_block(|nb| {
                        let held = lock.read(nb);
                        let start = Instant::now();
                        while start.elapsed() < HOLD {
                            std::hint::spin_loop();
                        }
                        drop(held);
                    });
                }
            });
        }
        let writer = scope.spawn(|| {
            for _ in 0..WRITES {
                non_block(|nb| *lock.write(nb) += 1);
            }
        });
        let start = Instant::now();
        while !writer.is_finished() && start.elapsed() < Duration::from_secs(20) {
            std::thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
        assert!(start.elapsed() < Duration::from_secs(20), "the writer starves");
    });
    assert_eq!(lock.into_inner(), WRITES);
}
