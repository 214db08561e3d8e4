//! Locks: who may wait for what, what holding a lock means, and raw locks of one's own.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nonblock::ViolationKind::SleepInNonBlock;
use nonblock::sync::{Mutex, RawParkingCondvar, RawParkingMutex, SpinLock, SpinRwLock};
use nonblock::testing::{expect_violation, violations};
use nonblock::{Context, Sleepable, WouldBlock, might_sleep, non_block, raw, sleepable, thread};

// The mutex.

#[test]
fn a_mutex_is_made_locked_looked_at_and_taken_apart() {
    static COUNT: Mutex<u32> = Mutex::new(1);

    sleepable(|cx| {
        *COUNT.lock(cx) += 1;
        let guard = COUNT.lock(cx);
        assert!(COUNT.is_locked());
        assert!(COUNT.try_lock().is_none());
        assert_eq!(*guard, 2);
    });
    assert!(!COUNT.is_locked());

    let mut list = Mutex::new(vec![1]);
    list.get_mut().push(2);
    assert_eq!(list.into_inner(), [1, 2]);
    assert_eq!(Mutex::<u8>::default().into_inner(), 0);
    assert_eq!(Mutex::from(7).into_inner(), 7);
}

#[test]
fn the_holder_of_a_mutex_may_sleep() {
    let lock = Mutex::new(0);
    let found = violations(|| {
        sleepable(|cx| {
            let mut guard = lock.lock(cx);
            thread::sleep(cx, Duration::from_millis(1));
            cx.non_block(|_nb| *guard += 1);
        });
    });
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(lock.into_inner(), 1);
}

#[test]
fn a_section_tries_a_mutex() {
    let lock = Mutex::new(0);
    non_block(|_nb| {
        *lock.try_lock().expect("it is free") += 1;
        let held = lock.try_lock().expect("it was released");
        assert!(lock.try_lock().is_none());
        drop(held);
        assert!(lock.try_lock().is_some());
        assert_eq!(raw::depth(), u32::from(nonblock::CHECKS));
    });
    assert_eq!(lock.into_inner(), 1);
}

#[test]
fn waiting_for_a_mutex_is_reported_in_a_section_even_if_it_is_free() {
    let lock = Mutex::new(());
    let violation =
        expect_violation(|| raw::non_block(|_nb| raw::sleepable(|cx| drop(lock.lock(cx)))));
    assert_eq!(violation.kind(), SleepInNonBlock);
    assert_eq!(violation.location().file(), file!());
}

#[test]
fn acquire_waits_where_it_may_and_refuses_where_not() {
    fn add<C: Context>(lock: &Mutex<u32>, cx: &mut C) -> Result<u32, C::Refusal> {
        let mut value = lock.acquire(cx)?;
        *value += 1;
        Ok(*value)
    }

    let lock = Mutex::new(0);
    sleepable(|cx| {
        let Ok(value) = add(&lock, cx);
        assert_eq!(value, 1);
        assert_eq!(cx.non_block(|nb| add(&lock, nb)), Ok(2));
        let held = lock.lock(cx);
        assert_eq!(cx.non_block(|nb| add(&lock, nb)), Err(WouldBlock));
        drop(held);
        assert_eq!(cx.non_block(|nb| add(&lock, nb)), Ok(3));
    });
}

#[test]
fn acquire_with_the_right_to_sleep_waits_for_the_holder() {
    static LOCK: Mutex<bool> = Mutex::new(false);

    let (held, is_held) = mpsc::channel();
    let holder = thread::spawn(move |cx| {
        let mut done = LOCK.lock(cx);
        held.send(()).unwrap();
        thread::sleep(cx, Duration::from_millis(50));
        *done = true;
    });
    is_held.recv().unwrap();
    sleepable(|cx| {
        let Ok(done) = LOCK.acquire(cx);
        assert!(*done);
        drop(done);
        holder.join(cx).unwrap();
    });
}

#[test]
fn a_holder_that_panics_unlocks() {
    let (sleeping, spinning) = (Mutex::new(0), SpinLock::new(0));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        raw::sleepable(|cx| {
            let _guard = sleeping.lock(cx);
            cx.non_block(|nb| {
                let _guard = spinning.lock(nb);
                resume_unwind(Box::new(()));
            });
        });
    }));
    assert!(panicked.is_err());
    assert!(!sleeping.is_locked());
    assert!(!spinning.is_locked());
    assert_eq!(raw::depth(), 0);
}

// The spin lock.

#[test]
fn a_spin_lock_is_made_locked_looked_at_and_taken_apart() {
    static COUNT: SpinLock<u32> = SpinLock::new(1);

    non_block(|nb| {
        *COUNT.lock(nb) += 1;
        let guard = COUNT.lock(nb);
        assert!(COUNT.is_locked());
        assert!(COUNT.try_lock(nb).is_none());
        assert_eq!(*guard, 2);
    });
    assert!(!COUNT.is_locked());

    let mut list = SpinLock::new(vec![1]);
    list.get_mut().push(2);
    assert_eq!(list.into_inner(), [1, 2]);
    assert_eq!(SpinLock::<u8>::default().into_inner(), 0);
    assert_eq!(SpinLock::from(7).into_inner(), 7);
}

#[test]
fn a_held_spin_lock_counts_as_a_section() {
    let (a, b) = (SpinLock::new(()), SpinLock::new(()));
    non_block(|nb| {
        assert_eq!(raw::depth(), 1);
        let a = a.lock(nb);
        assert_eq!(raw::depth(), 2);
        let b = b.try_lock(nb);
        assert_eq!(raw::depth(), 3);
        drop((a, b));
        assert_eq!(raw::depth(), 1);
    });
    assert_eq!(raw::depth(), 0);
}

#[test]
fn a_spin_lock_that_is_not_got_counts_for_nothing() {
    let lock = SpinLock::new(());
    non_block(|nb| {
        let _held = lock.lock(nb);
        assert_eq!(raw::depth(), 2);
        assert!(lock.try_lock(nb).is_none());
        assert_eq!(raw::depth(), 2);
    });
    assert_eq!(raw::depth(), 0);
}

#[test]
fn spin_guards_are_released_in_any_order() {
    let locks = [const { SpinLock::new(0) }; 3];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let found = violations(|| {
            non_block(|nb| {
                let mut guards = locks.each_ref().map(|lock| Some(lock.lock(nb)));
                for (released, which) in (1..).zip(order) {
                    guards[which] = None;
                    assert_eq!(raw::depth(), 4 - released);
                    assert!(!locks[which].is_locked());
                }
            });
        });
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(raw::depth(), 0);
    }
}

#[test]
fn a_forgotten_spin_guard_leaves_the_depth_raised() {
    // On a thread of its own, because the count of sections on this thread is wrong afterwards.
    let forgetful = std::thread::spawn(|| {
        let lock = SpinLock::new(());
        let found = violations(|| non_block(|nb| std::mem::forget(lock.lock(nb))));
        // Who looks at what is held sees it at the end of the root.
        assert_eq!(found.len(), usize::from(nonblock::lockdep::ENABLED), "{found:#?}");
        assert_eq!(raw::depth(), 1);
        let violation = expect_violation(|| might_sleep());
        assert_eq!(violation.depth(), 1);
        assert!(lock.is_locked());
    });
    forgetful.join().unwrap();
}

#[test]
fn with_opens_its_section_from_any_context_and_nests() {
    let (from, to) = (SpinLock::new(5), SpinLock::new(1));
    let moved = |from: &mut i32, to: &mut i32| *to += std::mem::take(from);
    sleepable(|cx| {
        let depths = from.with(cx, |from, nb| {
            let outer = raw::depth();
            let inner = to.with(nb, |to, nb| {
                moved(from, to);
                nb.non_block(|_nb| raw::depth())
            });
            (outer, inner)
        });
        assert_eq!(depths, (1, 3));
        assert_eq!(raw::depth(), 0);
        cx.non_block(|nb| to.with(nb, |_to, _nb| assert_eq!(raw::depth(), 2)));
    });
    assert_eq!((from.into_inner(), to.into_inner()), (0, 6));
}

#[test]
fn with_reports_a_sleep_and_names_its_caller_as_the_sections_beginning() {
    let lock = SpinLock::new(());
    let mut line = 0;
    let violation = expect_violation(|| {
        raw::sleepable(|cx| {
            line = line!() + 1;
            lock.with(cx, |(), _nb| might_sleep());
        });
    });
    assert_eq!(violation.section().unwrap().line(), line);
    assert_eq!(violation.depth(), 1);
}

#[test]
fn with_unlocks_when_its_closure_panics() {
    let lock = SpinLock::new(0);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        raw::sleepable(|cx| lock.with(cx, |_value, _nb| resume_unwind(Box::new(()))));
    }));
    assert!(panicked.is_err());
    assert!(!lock.is_locked());
    assert_eq!(raw::depth(), 0);
}

// Both.

#[test]
fn a_mutex_and_a_spin_lock_have_one_holder_at_a_time() {
    const THREADS: usize = 4;
    const ROUNDS: usize = if cfg!(miri) { 50 } else { 2_000 };

    /// Adds in two steps, which another holder in between would spoil.
    fn add(value: &mut usize) {
        let seen = *value;
        std::hint::spin_loop();
        *value = seen + 1;
    }

    let (sleeping, spinning) = (Mutex::new(0), SpinLock::new(0));
    sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            for _ in 0..THREADS {
                scope.spawn(|cx| {
                    for _ in 0..ROUNDS {
                        add(&mut sleeping.lock(cx));
                        spinning.with(cx, |value, _nb| add(value));
                        cx.non_block(|nb| add(&mut spinning.lock(nb)));
                    }
                });
            }
        });
    });
    assert_eq!(sleeping.into_inner(), THREADS * ROUNDS);
    assert_eq!(spinning.into_inner(), 2 * THREADS * ROUNDS);
}

#[test]
fn values_may_be_unsized() {
    let sleeping: &Mutex<[u8]> = &Mutex::new([1, 2, 3]);
    let spinning: &SpinLock<dyn Fn() -> u8 + Send> = &SpinLock::new(|| 7);
    raw::sleepable(|cx| {
        sleeping.lock(cx).reverse();
        assert_eq!(*sleeping.lock(cx), [3, 2, 1]);
        assert_eq!(spinning.with(cx, |f, _nb| f()), 7);
        assert_eq!(cx.non_block(|nb| spinning.lock(nb)()), 7);
    });
    assert_eq!(format!("{sleeping:?}"), "Mutex { value: [3, 2, 1] }");
}

#[test]
fn a_guard_is_shown_as_its_value() {
    let (sleeping, spinning) = (Mutex::new("x"), SpinLock::new("x"));
    sleepable(|cx| {
        let guard = sleeping.lock(cx);
        assert_eq!(format!("{guard} {guard:?}"), r#"x "x""#);
        cx.non_block(|nb| {
            let guard = spinning.lock(nb);
            assert_eq!(format!("{guard} {guard:?}"), r#"x "x""#);
        });
    });
}

#[test]
fn a_mutex_is_shown_with_its_value_if_it_is_free() {
    let lock = Mutex::new(5);
    assert_eq!(format!("{lock:?}"), "Mutex { value: 5 }");
    sleepable(|cx| {
        let _held = lock.lock(cx);
        assert_eq!(format!("{lock:?}"), "Mutex { value: <locked> }");
    });
    assert!(!lock.is_locked());
}

#[test]
fn a_spin_lock_is_shown_without_being_held() {
    /// Its `Debug` sleeps. If a lock were held meanwhile, other threads would wait that long for the lock.
    struct Sleepy;
    impl std::fmt::Debug for Sleepy {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            might_sleep();
            f.write_str("Sleepy")
        }
    }

    let lock = SpinLock::new(Sleepy);
    assert_eq!(format!("{lock:?}"), "SpinLock { locked: false, .. }");
    non_block(|nb| {
        let _held = lock.lock(nb);
        assert_eq!(format!("{lock:?}"), "SpinLock { locked: true, .. }");
    });
}

#[test]
fn locks_are_as_large_as_the_raw_locks_and_their_values() {
    if nonblock::lockdep::ENABLED {
        // A lock keeps its class, too.
        return;
    }
    assert_eq!(size_of::<Mutex<u64>>(), size_of::<lock_api::Mutex<RawParkingMutex, u64>>());
    // A word, and the three counts of 32 bits and one end of a line of waiters.
    #[cfg(target_pointer_width = "64")]
    assert_eq!(size_of::<RawParkingMutex>(), 32);
    #[cfg(target_pointer_width = "64")]
    assert_eq!(size_of::<RawParkingCondvar>(), 32);
    // A flag more, for waiters that are overdue.
    assert_eq!(size_of::<SpinLock<u8>>(), 3);
    assert_eq!(size_of::<SpinRwLock<usize>>(), 3 * size_of::<usize>());
}

// A raw lock of one's own.

/// A lock that spins and knows no waiting: what a kernel has, and fit for a mutex and for a spin lock.
struct RawSpin(AtomicBool);

// SAFETY: the flag is taken by one exchange and released by one store, so it has one holder at a time.
unsafe impl lock_api::RawMutex for RawSpin {
    const INIT: Self = Self(AtomicBool::new(false));

    type Guard = lock_api::GuardNoSend;

    fn lock(&self) -> Self::Guard {
        loop {
            if let Some(guard) = self.try_lock() {
                return guard;
            }
            std::thread::yield_now();
        }
    }

    fn try_lock(&self) -> Option<Self::Guard> {
        (!self.0.swap(true, Ordering::Acquire)).then_some(lock_api::GuardNoSend::new())
    }

    unsafe fn unlock(&self, _guard: Self::Guard) {
        self.0.store(false, Ordering::Release);
    }

    fn is_locked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

type OwnMutex<T> = Mutex<T, RawSpin>;
type OwnSpinLock<T> = SpinLock<T, RawSpin>;

#[test]
fn a_raw_lock_of_ones_own_serves_a_mutex_and_a_spin_lock() {
    static SLEEPING: OwnMutex<u32> = OwnMutex::with_raw(0);
    static SPINNING: OwnSpinLock<u32> = OwnSpinLock::with_raw(0);

    fn work(cx: &mut Sleepable) {
        for _ in 0..100 {
            *SLEEPING.lock(cx) += 1;
            SPINNING.with(cx, |value, _nb| *value += 1);
        }
    }

    sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            scope.spawn(work);
            scope.spawn(work);
        });
        assert_eq!(*SLEEPING.lock(cx), 200);
        let held = SLEEPING.lock(cx);
        assert_eq!(cx.non_block(|nb| SLEEPING.acquire(nb).map(|value| *value)), Err(WouldBlock));
        drop(held);
        cx.non_block(|nb| {
            assert_eq!(*SPINNING.lock(nb), 200);
            let _held = SPINNING.lock(nb);
            assert!(SPINNING.try_lock(nb).is_none());
        });
    });
    assert!(!SLEEPING.is_locked());
    assert!(!SPINNING.is_locked());
}

#[test]
fn a_section_waits_for_the_holder_of_a_spin_lock() {
    static LOCK: SpinLock<bool> = SpinLock::new(false);

    let (held, is_held) = mpsc::channel();
    let holder = thread::spawn(move |cx| {
        LOCK.with(cx, |done, _nb| {
            held.send(()).unwrap();
            // Busy, as a holder must be.
            let until = Instant::now() + Duration::from_millis(20);
            while Instant::now() < until {
                std::hint::spin_loop();
            }
            *done = true;
        });
    });
    is_held.recv().unwrap();
    non_block(|nb| assert!(*LOCK.lock(nb)));
    sleepable(|cx| holder.join(cx)).unwrap();
}
