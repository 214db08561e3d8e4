//! Condition variables: waiting with a mutex, which is released during the wait.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nonblock::sync::{Condvar, Mutex, MutexGuard};
use nonblock::testing::violations;
use nonblock::{non_block, raw, sleepable, thread};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

#[test]
fn notifying_nobody_does_nothing_and_says_so() {
    static NOBODY: Condvar = Condvar::new();
    assert!(!NOBODY.notify_one());
    assert_eq!(NOBODY.notify_all(), 0);
    assert_eq!(format!("{:?}", Condvar::default()), "Condvar { .. }");
}

#[test]
fn a_section_wakes_a_waiter() {
    static STATE: Mutex<bool> = Mutex::new(false);
    static CHANGED: Condvar = Condvar::new();

    let found = violations(|| {
        sleepable(|cx| {
            let mut done = STATE.lock(cx);
            let other = thread::spawn(|cx| {
                // Got only when the waiter has let go.
                *STATE.lock(cx) = true;
                assert!(cx.non_block(|_nb| CHANGED.notify_one()), "it waits");
            });
            while !*done {
                CHANGED.wait(cx, &mut done);
            }
            drop(done);
            other.join(cx).unwrap();
        });
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn every_waiter_is_woken_and_counted() {
    const WAITERS: usize = 5;

    let (state, changed) = (Mutex::new((0, false)), Condvar::new());
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let (all, all_wait) = mpsc::channel();
            for _ in 0..WAITERS {
                let (state, changed, all) = (&state, &changed, all.clone());
                scope.spawn(move |cx| {
                    let mut guard = state.lock(cx);
                    guard.0 += 1;
                    if guard.0 == WAITERS {
                        all.send(()).unwrap();
                    }
                    changed.wait_while(cx, &mut guard, |state| !state.1);
                    guard.0 -= 1;
                });
            }
            all_wait.recv().unwrap();
            // The last has let go of the mutex, so it waits as the others do.
            let mut guard = state.lock(cx);
            guard.1 = true;
            assert_eq!(changed.notify_all(), WAITERS);
            assert!(!changed.notify_one(), "all have been woken");
        });
    });
    assert_eq!(state.into_inner(), (0, true));
}

#[test]
fn one_is_woken_at_a_time() {
    let (state, changed) = (Mutex::new(0_u32), Condvar::new());
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let (woken, is_woken) = mpsc::channel();
            for _ in 0..2 {
                let (state, changed, woken) = (&state, &changed, woken.clone());
                scope.spawn(move |cx| {
                    let mut guard = state.lock(cx);
                    *guard += 1;
                    changed.wait(cx, &mut guard);
                    woken.send(()).unwrap();
                });
            }
            while *state.lock(cx) < 2 {
                thread::yield_now(cx);
            }
            assert!(changed.notify_one());
            is_woken.recv_timeout(LONG).unwrap();
            assert!(is_woken.recv_timeout(SHORT).is_err(), "the other waits on");
            assert!(changed.notify_one());
            is_woken.recv_timeout(LONG).unwrap();
        });
    });
}

#[test]
fn a_wait_with_a_time_says_whether_it_ran_out() {
    let (state, changed) = (Mutex::new(false), Condvar::new());
    sleepable(|cx| {
        let mut guard = state.lock(cx);
        let began = Instant::now();
        assert!(changed.wait_for(cx, &mut guard, SHORT).timed_out());
        assert!(began.elapsed() >= SHORT);
        assert!(state.try_lock().is_none(), "the mutex is held again");
        drop(guard);

        thread::scope(cx, |scope, cx| {
            // It is held to the end of the closure only: the scope waits for a thread that takes it.
            let mut guard = state.lock(cx);
            scope.spawn(|cx| {
                *state.lock(cx) = true;
                changed.notify_all();
            });
            while !*guard {
                assert!(!changed.wait_for(cx, &mut guard, LONG).timed_out());
            }
        });
    });
}

#[test]
fn a_condition_is_asked_before_the_first_wait_and_after_the_last() {
    let (state, changed) = (Mutex::new(0), Condvar::new());
    sleepable(|cx| {
        let mut guard = state.lock(cx);
        changed.wait_while(cx, &mut guard, |asked| {
            *asked += 1;
            false
        });
        assert_eq!(*guard, 1);
        let result = changed.wait_while_for(
            cx,
            &mut guard,
            |asked| {
                *asked += 1;
                true
            },
            SHORT,
        );
        assert!(result.timed_out());
        assert!(*guard >= 3, "asked {guard} times");
        // What became true while the time ran out counts.
        let mut asked = 0;
        let condition = |_: &mut i32| {
            asked += 1;
            asked == 1
        };
        assert!(!changed.wait_while_for(cx, &mut guard, condition, Duration::ZERO).timed_out());
        assert_eq!(asked, 2);
    });
}

#[test]
fn a_waiter_that_is_woken_gets_the_mutex_when_it_is_released() {
    static STATE: Mutex<u32> = Mutex::new(0);
    static CHANGED: Condvar = Condvar::new();

    let waiter = thread::spawn(|cx| {
        let mut guard = STATE.lock(cx);
        CHANGED.wait(cx, &mut guard);
        *guard += 1;
    });
    sleepable(|cx| {
        let mut guard = STATE.lock(cx);
        while !CHANGED.notify_one() {
            MutexGuard::unlocked(&mut guard, cx, thread::yield_now);
        }
        thread::sleep(cx, SHORT);
        assert_eq!(*guard, 0, "the mutex is held here");
        drop(guard);
        waiter.join(cx).unwrap();
        assert_eq!(*STATE.lock(cx), 1);
    });
}

#[test]
fn waiting_with_two_mutexes_at_once_panics() {
    static FIRST: Mutex<bool> = Mutex::new(false);
    static CHANGED: Condvar = Condvar::new();

    let waiter = thread::spawn(|cx| {
        let mut guard = FIRST.lock(cx);
        *guard = true;
        CHANGED.wait(cx, &mut guard);
    });
    sleepable(|cx| {
        while !*FIRST.lock(cx) {
            thread::yield_now(cx);
        }
        let second = Mutex::new(());
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            raw::sleepable(|cx| {
                let mut second = second.lock(cx);
                CHANGED.wait(cx, &mut second);
            });
        }));
        assert!(panicked.is_err());
        assert!(!second.is_locked());
        CHANGED.notify_all();
        waiter.join(cx).unwrap();
    });
}

/// Those who were notified no longer wait, also if they have not returned yet: another mutex may be used from then on.
#[test]
fn another_mutex_can_be_used_once_all_were_notified() {
    let (first, second, changed) = (Mutex::new(0), Mutex::new(()), Condvar::new());
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let waiter = scope.spawn(|cx| {
                for round in 1..=500 {
                    let mut seen = first.lock(cx);
                    while *seen < round {
                        changed.wait(cx, &mut seen);
                    }
                }
            });
            for round in 1..=500 {
                *first.lock(cx) = round;
                changed.notify_all();
                // The waiter may wait again, for the next round, as soon as the first mutex is free.
                let held = first.lock(cx);
                if *held == round && !waiter.is_finished() {
                    changed.notify_all();
                    let mut other = second.lock(cx);
                    let _ = changed.wait_for(cx, &mut other, Duration::from_micros(1));
                }
            }
            waiter.join(cx).unwrap();
        });
    });
}

#[test]
fn a_queue_of_two_conditions_loses_nothing() {
    const VALUES: u32 = if cfg!(miri) { 30 } else { 2_000 };
    const ROOM: usize = 3;

    let queue = Mutex::new(std::collections::VecDeque::new());
    let (not_full, not_empty) = (Condvar::new(), Condvar::new());
    let total = Mutex::new(0_u64);
    sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            for _ in 0..2 {
                scope.spawn(|cx| {
                    for value in 1..=VALUES {
                        let mut queue = queue.lock(cx);
                        not_full.wait_while(cx, &mut queue, |queue| queue.len() == ROOM);
                        queue.push_back(value);
                        not_empty.notify_one();
                    }
                });
                scope.spawn(|cx| {
                    for _ in 0..VALUES {
                        let mut queue = queue.lock(cx);
                        not_empty.wait_while(cx, &mut queue, |queue| queue.is_empty());
                        let value = queue.pop_front().expect("it was waited for");
                        not_full.notify_one();
                        drop(queue);
                        *total.lock(cx) += u64::from(value);
                    }
                });
            }
        });
    });
    assert_eq!(total.into_inner(), u64::from(VALUES) * u64::from(VALUES + 1));
    non_block(|_nb| assert!(!not_full.notify_one() && !not_empty.notify_one()));
}
