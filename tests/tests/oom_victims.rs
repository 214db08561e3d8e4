//! Several victims at once: which is tried first, when it is tried again, and what cancels it.

#![cfg(target_os = "linux")]
#![allow(clippy::similar_names, reason = "a reaper has reaped when its reaping is over")]

use std::io::ErrorKind;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nonblock::sleepable;
use nonblock_mm::oom::{Builder, ReapEvent, ReapEventKind, ReapOutcome, Reaper};
use nonblock_tests::victim::{MIB, Stubborn, victim};

const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_secs(20);

/// A reaper that stands still at the beginning of the first try of the victim `gate`, until it is told to go on.
struct Gate {
    reached: Receiver<()>,
    go_on: Sender<()>,
    /// The victims of every try, in order.
    tries: Arc<Mutex<Vec<String>>>,
}

impl Gate {
    fn spawn(setup: Builder) -> (Reaper, Self) {
        let (reaches, reached) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel();
        let tries = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&tries);
        let setup = setup.on_event(move |event: &ReapEvent| {
            if matches!(event.kind, ReapEventKind::Began { .. }) {
                told.lock().unwrap().push(event.victim.name().to_owned());
                if event.victim.name() == "gate" && event.attempt == 1 {
                    reaches.send(()).unwrap();
                    goes_on.recv_timeout(LONG).unwrap();
                }
            }
        });
        (setup.spawn().unwrap(), Self { reached, go_on, tries })
    }

    fn tries(&self) -> Vec<String> {
        self.tries.lock().unwrap().clone()
    }
}

#[test]
fn the_largest_victim_is_served_first_and_equals_in_the_order_of_naming() {
    sleepable(|cx| {
        let (reaper, gate) = Gate::spawn(Reaper::builder());
        let first = reaper.reap(victim("gate", 0, cx));
        gate.reached.recv_timeout(LONG).unwrap();
        // Named while the reaper is busy; what is resident counts, not what is mapped.
        let mapped = victim("mapped", 1, cx);
        mapped.map(64 * MIB, cx).unwrap();
        let mut reapings = vec![reaper.reap(mapped)];
        for (name, mib) in
            [("three", 3), ("five", 5), ("other three", 3), ("empty", 0), ("four", 4)]
        {
            reapings.push(reaper.reap(victim(name, mib, cx)));
        }
        gate.go_on.send(()).unwrap();
        for reaping in reapings.into_iter().chain([first]) {
            assert!(reaping.wait(cx).is_complete());
        }
        let order = ["gate", "five", "four", "three", "other three", "mapped", "empty"];
        assert_eq!(gate.tries(), order);
        reaper.shutdown(cx);
    });
}

/// With no interval a large victim that refuses is due again at once: the others come first all the same.
#[test]
fn a_large_victim_that_refuses_keeps_no_small_one_waiting() {
    sleepable(|cx| {
        let (reaper, gate) = Gate::spawn(Reaper::builder().interval(Duration::ZERO));
        let first = reaper.reap(victim("gate", 0, cx));
        gate.reached.recv_timeout(LONG).unwrap();
        let large = victim("large", 4, cx);
        let _refuses = large.space().subscribe(Stubborn::refusing(2), cx).unwrap();
        let reapings = [reaper.reap(victim("small", 1, cx)), reaper.reap(large)];
        gate.go_on.send(()).unwrap();
        for reaping in reapings.into_iter().chain([first]) {
            assert!(reaping.wait(cx).is_complete());
        }
        assert_eq!(gate.tries(), ["gate", "large", "small", "large", "large"]);
        reaper.shutdown(cx);
    });
}

/// The size is that of the try, not of the first: who has lost most of its memory is no longer the largest.
#[test]
fn the_size_is_read_again_for_every_try() {
    sleepable(|cx| {
        let (reaper, gate) = Gate::spawn(Reaper::builder().interval(Duration::ZERO));
        let first = reaper.reap(victim("gate", 0, cx));
        gate.reached.recv_timeout(LONG).unwrap();
        // Loses four of its five MiB in its first try; the driver refuses the last mapping.
        let shrinks = victim("shrinks", 4, cx);
        let rest = shrinks.map(MIB, cx).unwrap();
        shrinks.touch(&rest, cx).unwrap();
        let _refuses = shrinks.space().subscribe(Stubborn::refusing_within(rest, 1), cx);
        let steady = victim("steady", 2, cx);
        let _refuses_too = steady.space().subscribe(Stubborn::refusing(1), cx).unwrap();
        let reapings = [reaper.reap(shrinks), reaper.reap(steady)];
        gate.go_on.send(()).unwrap();
        for reaping in reapings.into_iter().chain([first]) {
            assert!(reaping.wait(cx).is_complete());
        }
        assert_eq!(gate.tries(), ["gate", "shrinks", "steady", "steady", "shrinks"]);
        reaper.shutdown(cx);
    });
}

#[test]
fn a_victim_that_waits_is_called_off_at_once() {
    sleepable(|cx| {
        let (waits, is_waiting) = mpsc::channel();
        let setup = Reaper::builder().interval(Duration::MAX).on_event(move |event| {
            if matches!(event.kind, ReapEventKind::Waits { .. }) {
                waits.send(()).unwrap();
            }
        });
        let reaper = setup.spawn().unwrap();
        let stubborn = victim("stubborn", 1, cx);
        let _refuses = stubborn.space().subscribe(Stubborn::refusing(u32::MAX), cx).unwrap();
        let other = victim("other", 1, cx);
        let _refuses_too = other.space().subscribe(Stubborn::refusing(u32::MAX), cx).unwrap();
        let reaping = reaper.reap(Arc::clone(&stubborn));
        let mut of_other = reaper.reap(other);
        for _ in 0..2 {
            is_waiting.recv_timeout(LONG).unwrap();
        }
        // The next try is an age away.
        cx.non_block(|_nb| reaping.cancel());
        let reaped = reaping.wait(cx);
        assert_eq!((reaped.outcome, reaped.attempts), (ReapOutcome::Cancelled, 1));
        assert!(!reaped.is_complete());
        assert_eq!(reaped.skipped, stubborn.ranges());
        assert!(reaped.to_string().contains("called off pid:"), "{reaped}");
        // Nobody else is called off with it.
        assert_eq!(of_other.poll(), None);
        let stats = reaper.stats();
        assert_eq!((stats.victims, stats.cancelled, stats.waiting()), (2, 1, 1));
        reaper.abandon(cx);
        assert_eq!(of_other.wait(cx).outcome, ReapOutcome::Cancelled);
    });
}

/// Called off in the middle of a try: it stops before the next mapping, and what was taken stays taken.
#[test]
fn a_try_stops_before_the_next_mapping() {
    sleepable(|cx| {
        let (taken, is_taken) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel();
        let setup = Reaper::builder().on_event(move |event| {
            if matches!(event.kind, ReapEventKind::Taken { .. }) {
                taken.send(()).unwrap();
                goes_on.recv_timeout(LONG).unwrap();
            }
        });
        let reaper = setup.spawn().unwrap();
        let two = victim("two", 1, cx);
        let second = two.map(MIB, cx).unwrap();
        two.touch(&second, cx).unwrap();
        let reaping = reaper.reap(Arc::clone(&two));
        is_taken.recv_timeout(LONG).unwrap();
        reaping.cancel();
        go_on.send(()).unwrap();
        let reaped = reaping.wait(cx);
        assert_eq!(reaped.outcome, ReapOutcome::Cancelled);
        assert_eq!(reaped.skipped, [second]);
        assert_eq!((reaped.reclaimed(), two.resident(cx)), (Some(MIB), Ok(MIB)));
        reaper.shutdown(cx);
    });
}

#[test]
fn what_has_ended_cannot_be_called_off() {
    sleepable(|cx| {
        let reaper = Reaper::builder().spawn().unwrap();
        let mut reaping = reaper.reap(victim("quick", 1, cx));
        while reaping.poll().is_none() {
            nonblock::thread::yield_now(cx);
        }
        reaping.cancel();
        reaper.shutdown(cx);
        reaping.cancel();
        assert!(reaping.wait(cx).is_complete());
    });
}

/// Shut down in haste: the one that is tried stops, those that were never tried end too, with what they have.
#[test]
fn abandoning_calls_off_what_is_left() {
    sleepable(|cx| {
        let (reaper, gate) = Gate::spawn(Reaper::builder());
        let at_work = reaper.reap(victim("gate", 1, cx));
        gate.reached.recv_timeout(LONG).unwrap();
        let waiting = victim("waiting", 2, cx);
        let never_tried = reaper.reap(Arc::clone(&waiting));
        nonblock::thread::scope(cx, |scope, cx| {
            let abandoning = scope.spawn(move |cx| reaper.abandon(cx));
            // It waits for the thread, which stands at the gate.
            nonblock::thread::sleep(cx, Duration::from_millis(20));
            assert!(!abandoning.is_finished());
            gate.go_on.send(()).unwrap();
            abandoning.join(cx).unwrap();
        });
        let reaped = never_tried.wait(cx);
        assert_eq!((reaped.outcome, reaped.attempts), (ReapOutcome::Cancelled, 0));
        assert_eq!((reaped.resident_before, reaped.reclaimed()), (Some(2 * MIB), Some(0)));
        assert_eq!(reaped.skipped, waiting.ranges());
        assert_eq!(at_work.wait(cx).outcome, ReapOutcome::Cancelled);
        assert_eq!(gate.tries(), ["gate"]);
    });
}

#[test]
fn the_interval_stays_or_doubles_up_to_a_cap() {
    let millis = Duration::from_millis;
    let intervals_of = |setup: Builder| {
        sleepable(|cx| {
            let (tell, told) = mpsc::channel();
            let setup = setup.on_event(move |event| {
                if let ReapEventKind::Waits { interval, .. } = event.kind {
                    tell.send(interval).unwrap();
                }
            });
            let reaper = setup.tries(6).spawn().unwrap();
            let stubborn = victim("stubborn", 1, cx);
            let _refuses = stubborn.space().subscribe(Stubborn::refusing(u32::MAX), cx).unwrap();
            assert_eq!(reaper.reap(stubborn).wait(cx).outcome, ReapOutcome::GivenUp);
            reaper.shutdown(cx);
            told.try_iter().collect::<Vec<_>>()
        })
    };
    assert_eq!(intervals_of(Reaper::builder().interval(SHORT)), [SHORT; 5]);
    let growing = Reaper::builder().interval(millis(1)).max_interval(millis(6));
    assert_eq!(intervals_of(growing), [1, 2, 4, 6, 6].map(millis));
    let at_its_cap = Reaper::builder().interval(SHORT).max_interval(SHORT);
    assert_eq!(intervals_of(at_its_cap), [SHORT; 5]);

    let setup = Reaper::builder().interval(millis(20)).max_interval(millis(10));
    let error = setup.spawn().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let expected = "an interval of 20ms cannot grow to 10ms: expected at least 20ms";
    assert_eq!(error.to_string(), expected);
}
