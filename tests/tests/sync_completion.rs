//! Completions: what has happened lets waiters through, one by one or all.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nonblock::sync::Completion;
use nonblock::testing::violations;
use nonblock::{WouldBlock, non_block, sleepable, thread};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

#[test]
fn each_complete_lets_one_waiter_through() {
    let fence = Completion::new();
    assert!(!fence.is_done() && fence.try_wait().is_none());
    fence.complete();
    fence.complete();
    assert!(fence.is_done());
    assert!(fence.try_wait().is_some() && fence.try_wait().is_some());
    assert!(fence.try_wait().is_none() && !fence.is_done());
}

#[test]
fn complete_all_lets_every_waiter_through_until_it_is_taken_back() {
    let fence = Completion::default();
    fence.complete_all();
    sleepable(|cx| {
        fence.wait(cx);
        assert!(fence.wait_for(cx, Duration::ZERO).is_some());
    });
    fence.complete();
    assert!(fence.try_wait().is_some() && fence.try_wait().is_some() && fence.is_done());
    fence.reinit();
    assert!(fence.try_wait().is_none() && !fence.is_done());
    fence.complete();
    assert!(fence.try_wait().is_some() && fence.try_wait().is_none());
}

#[test]
fn a_section_completes_what_a_thread_waits_for() {
    let (started, fence) = (Completion::new(), Completion::new());
    let found = violations(|| {
        sleepable(|cx| {
            thread::scope(cx, |scope, cx| {
                let waiter = scope.spawn(|cx| {
                    cx.non_block(|_nb| started.complete());
                    let began = Instant::now();
                    fence.wait(cx);
                    began.elapsed()
                });
                started.wait(cx);
                thread::sleep(cx, SHORT);
                cx.non_block(|_nb| fence.complete());
                assert!(waiter.join(cx).unwrap() >= SHORT / 2);
            });
        });
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_wait_with_a_time_ends_when_it_has_run_out_and_takes_nothing() {
    let fence = Completion::new();
    sleepable(|cx| {
        let began = Instant::now();
        assert!(fence.wait_for(cx, SHORT).is_none());
        assert!(began.elapsed() >= SHORT);
        fence.complete();
        assert!(fence.wait_for(cx, Duration::ZERO).is_some());
        assert!(fence.wait_for(cx, Duration::ZERO).is_none());
        thread::scope(cx, |scope, cx| {
            scope.spawn(|cx| {
                thread::sleep(cx, SHORT);
                fence.complete();
            });
            assert!(fence.wait_for(cx, LONG).is_some());
        });
        fence.complete();
        // A time beyond what the clock can tell.
        assert!(fence.wait_for(cx, Duration::MAX).is_some());
    });
}

#[test]
fn either_context_acquires_it() {
    let fence = Completion::new();
    sleepable(|cx| {
        assert_eq!(cx.non_block(|nb| fence.acquire(nb).err()), Some(WouldBlock));
        fence.complete();
        assert!(cx.non_block(|nb| fence.acquire(nb).is_ok()));
        fence.complete();
        let Ok(passed) = fence.acquire(cx);
        assert!(passed.is_of(&fence) && !passed.is_of(&Completion::new()));
        assert!(!fence.is_done());
    });
}

#[test]
fn as_many_waiters_come_through_as_there_were_completions() {
    const WAITERS: usize = 4;

    let (fence, through) = (Completion::new(), AtomicUsize::new(0));
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            for _ in 0..WAITERS {
                scope.spawn(|cx| {
                    fence.wait(cx);
                    through.fetch_add(1, Ordering::Relaxed);
                });
            }
            fence.complete();
            fence.complete();
            let began = Instant::now();
            while through.load(Ordering::Relaxed) < 2 && began.elapsed() < LONG {
                thread::yield_now(cx);
            }
            thread::sleep(cx, SHORT);
            assert_eq!(through.load(Ordering::Relaxed), 2);
            non_block(|_nb| fence.complete_all());
        });
    });
    assert_eq!(through.into_inner(), WAITERS);
}

#[test]
fn no_completion_is_lost_between_waiters_whose_time_runs_out() {
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 500 };

    let (fence, taken) = (Completion::new(), AtomicUsize::new(0));
    sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            for _ in 0..3 {
                scope.spawn(|cx| {
                    while taken.load(Ordering::Relaxed) < ROUNDS {
                        if fence.wait_for(cx, Duration::from_micros(50)).is_some() {
                            taken.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
            scope.spawn(|cx| {
                for _ in 0..ROUNDS {
                    cx.non_block(|_nb| fence.complete());
                }
            });
        });
    });
    assert_eq!(taken.into_inner(), ROUNDS);
    assert!(!fence.is_done());
}

#[test]
fn it_is_shown_as_done_or_not() {
    let fence = Completion::new();
    assert_eq!(format!("{fence:?}"), "Completion { done: false, .. }");
    fence.complete();
    assert_eq!(format!("{fence:?}"), "Completion { done: true, .. }");
}
