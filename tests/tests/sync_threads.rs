//! Threads that park, yield and are named.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nonblock::{sleepable, thread};

const SHORT: Duration = Duration::from_millis(20);

#[test]
fn a_section_unparks_a_thread() {
    static FIRED: AtomicBool = AtomicBool::new(false);

    sleepable(|cx| {
        let parked = thread::spawn(|cx| {
            let mut woken = 0;
            while !FIRED.load(Ordering::Acquire) {
                thread::park(cx);
                woken += 1;
            }
            woken
        });
        thread::sleep(cx, SHORT);
        cx.non_block(|_nb| {
            FIRED.store(true, Ordering::Release);
            parked.thread().unpark();
        });
        assert!(parked.join(cx).unwrap() >= 1);
    });
}

#[test]
fn an_unpark_before_the_park_is_not_lost() {
    sleepable(|cx| {
        thread::current().unpark();
        thread::park(cx);
    });
}

#[test]
fn parking_for_a_time_ends_when_it_has_run_out() {
    sleepable(|cx| {
        // Threads may wake without reason, so it is asked for again and again.
        let began = Instant::now();
        while began.elapsed() < SHORT {
            thread::park_timeout(cx, SHORT);
        }
        assert!(began.elapsed() < Duration::from_secs(30));
    });
}

#[test]
fn a_thread_yields_and_knows_itself() {
    sleepable(|cx| {
        thread::yield_now(cx);
        let worker = thread::spawn(|_cx| thread::current().id());
        let id = worker.thread().id();
        assert_eq!(worker.join(cx).unwrap(), id);
        assert_ne!(thread::current().id(), id);
        thread::scope(cx, |scope, cx| {
            let worker = scope.spawn(|_cx| thread::current().id());
            let id = worker.thread().id();
            assert_eq!(worker.join(cx).unwrap(), id);
        });
        let known = std::thread::available_parallelism().unwrap();
        assert_eq!(thread::available_parallelism(cx).unwrap(), known);
    });
}
