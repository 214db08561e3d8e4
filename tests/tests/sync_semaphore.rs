//! Semaphores: a limited number of holders at once, with guards or counted by hand.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nonblock::sync::Semaphore;
use nonblock::testing::violations;
use nonblock::{WouldBlock, non_block, sleepable, thread};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

#[test]
fn permits_are_counted_down_and_up() {
    static PERMITS: Semaphore = Semaphore::new(2);

    sleepable(|cx| {
        PERMITS.down(cx);
        assert!(PERMITS.try_down());
        assert!(!PERMITS.try_down());
        assert_eq!(PERMITS.available(), 0);
        assert_eq!(format!("{PERMITS:?}"), "Semaphore { available: 0, .. }");
    });
    non_block(|_nb| {
        PERMITS.up();
        PERMITS.up();
        PERMITS.up();
    });
    assert_eq!(PERMITS.available(), 3);
}

#[test]
fn a_permit_is_given_back_when_its_guard_is_dropped() {
    let semaphore = Semaphore::new(1);
    let permit = semaphore.try_acquire().expect("there is one");
    assert!(semaphore.try_acquire().is_none());
    assert_eq!(semaphore.available(), 0, "what was not got is not given back");
    drop(permit);
    assert_eq!(semaphore.available(), 1);
    semaphore.try_acquire().expect("there is one again").forget();
    assert_eq!(semaphore.available(), 0);
    semaphore.up();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _permit = semaphore.try_acquire();
        assert_eq!(semaphore.available(), 0);
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(panicked.is_err());
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn a_permit_goes_to_another_thread() {
    let semaphore = Semaphore::new(1);
    sleepable(|cx| {
        let Ok(permit) = semaphore.acquire(cx);
        thread::scope(cx, |scope, cx| {
            scope.spawn(move |cx| {
                thread::sleep(cx, SHORT);
                cx.non_block(|_nb| drop(permit));
            });
            semaphore.down(cx);
        });
    });
    assert_eq!(semaphore.available(), 0);
}

#[test]
fn a_section_is_refused_where_it_would_wait() {
    let semaphore = Semaphore::new(1);
    non_block(|nb| {
        let permit = semaphore.acquire(nb).expect("there is one");
        assert_eq!(semaphore.acquire(nb).err(), Some(WouldBlock));
        assert_eq!(semaphore.available(), 0);
        drop(permit);
    });
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn a_wait_with_a_time_ends_when_it_has_run_out_or_a_permit_came() {
    let semaphore = Semaphore::new(0);
    sleepable(|cx| {
        let began = Instant::now();
        assert!(!semaphore.down_timeout(cx, SHORT));
        assert!(semaphore.try_acquire_for(cx, SHORT).is_none());
        assert!(began.elapsed() >= 2 * SHORT);
        assert_eq!(semaphore.available(), 0);
        thread::scope(cx, |scope, cx| {
            scope.spawn(|cx| {
                thread::sleep(cx, SHORT);
                cx.non_block(|_nb| semaphore.up());
            });
            let permit = semaphore.try_acquire_for(cx, LONG).expect("it comes long before");
            assert_eq!(semaphore.available(), 0);
            drop(permit);
        });
        assert!(semaphore.down_timeout(cx, Duration::ZERO));
    });
}

#[test]
fn not_more_are_in_than_there_are_permits() {
    const PERMITS: usize = 2;
    const ROUNDS: usize = if cfg!(miri) { 10 } else { 300 };

    let semaphore = Semaphore::new(PERMITS);
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let found = violations(|| {
        sleepable(|cx| {
            thread::scope(cx, |scope, _cx| {
                for _ in 0..5 {
                    scope.spawn(|cx| {
                        for _ in 0..ROUNDS {
                            let Ok(_permit) = semaphore.acquire(cx);
                            let now = inside.fetch_add(1, Ordering::Relaxed) + 1;
                            most.fetch_max(now, Ordering::Relaxed);
                            thread::yield_now(cx);
                            inside.fetch_sub(1, Ordering::Relaxed);
                        }
                    });
                }
            });
        });
    });
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(most.into_inner(), PERMITS);
    assert_eq!(semaphore.available(), PERMITS);
}

#[test]
fn too_many_permits_are_refused_and_leave_it_usable() {
    let semaphore = Semaphore::new(usize::MAX);
    assert!(catch_unwind(AssertUnwindSafe(|| semaphore.up())).is_err());
    assert!(semaphore.try_down());
    semaphore.up();
    assert_eq!(semaphore.available(), usize::MAX);
}
