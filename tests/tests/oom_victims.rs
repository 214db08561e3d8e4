//! Several victims at once: who is served first, what calls one off, what is counted, and what is said of one that
//! never yields.

#![cfg(target_os = "linux")]
#![allow(clippy::similar_names, reason = "a reaper has reaped when its reaping is over")]

use std::io::ErrorKind;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nonblock::memory::Mm;
use nonblock::mmu::{Invalidate, Range};
use nonblock::oom::{Builder, Outcome, ReapEvent, ReapEventKind, Reaper};
use nonblock::{Context, Sleepable, sleepable};
use nonblock_tests::process;

const MIB: usize = 1 << 20;
const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_secs(20);

/// A driver that refuses, or panics, so many calls about its range, or about any.
#[derive(Default)]
struct Stubborn {
    mirrored: Option<Range>,
    refuses: AtomicU32,
    panics: AtomicU32,
}

impl Stubborn {
    fn refusing(times: u32) -> Arc<Self> {
        Arc::new(Self { refuses: AtomicU32::new(times), ..Self::default() })
    }

    fn refusing_within(mirrored: Range, times: u32) -> Arc<Self> {
        let (mirrored, refuses) = (Some(mirrored), AtomicU32::new(times));
        Arc::new(Self { mirrored, refuses, ..Self::default() })
    }
}

/// Takes one off a number, and says whether it could.
fn takes_one(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

impl Invalidate for Stubborn {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        if self.mirrored.is_some_and(|mirrored| !mirrored.overlaps(range)) {
            return Ok(());
        }
        assert!(!takes_one(&self.panics), "a driver's fault, as told");
        if takes_one(&self.refuses) {
            cx.sleepable()?;
        }
        Ok(())
    }
}

/// A victim with so many MiB of memory, in one mapping.
fn victim(name: &str, mib: usize, cx: &mut Sleepable) -> Arc<Mm> {
    let victim = Arc::new(Mm::named(name));
    if mib > 0 {
        let range = victim.map(mib * MIB, cx).unwrap();
        victim.touch(&range, cx).unwrap();
    }
    victim
}

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
        assert_eq!((reaped.outcome, reaped.attempts), (Outcome::Cancelled, 1));
        assert!(!reaped.is_complete());
        assert_eq!(reaped.skipped, stubborn.ranges());
        assert!(reaped.to_string().contains("called off pid:"), "{reaped}");
        // Nobody else is called off with it.
        assert_eq!(of_other.poll(), None);
        let stats = reaper.stats();
        assert_eq!((stats.victims, stats.cancelled, stats.waiting()), (2, 1, 1));
        reaper.abandon(cx);
        assert_eq!(of_other.wait(cx).outcome, Outcome::Cancelled);
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
        assert_eq!(reaped.outcome, Outcome::Cancelled);
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
        assert_eq!((reaped.outcome, reaped.attempts), (Outcome::Cancelled, 0));
        assert_eq!((reaped.resident_before, reaped.reclaimed()), (Some(2 * MIB), Some(0)));
        assert_eq!(reaped.skipped, waiting.ranges());
        assert_eq!(at_work.wait(cx).outcome, Outcome::Cancelled);
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
            assert_eq!(reaper.reap(stubborn).wait(cx).outcome, Outcome::GivenUp);
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

#[test]
fn a_report_names_what_held_the_victim_and_how_often() {
    sleepable(|cx| {
        let browser = victim("browser", 1, cx);
        let [refused, panics, late] = [(); 3].map(|()| {
            let range = browser.map(MIB, cx).unwrap();
            browser.touch(&range, cx).unwrap();
            range
        });
        let faulty = Arc::new(Stubborn {
            mirrored: Some(panics),
            panics: AtomicU32::new(9),
            ..Stubborn::default()
        });
        let space = browser.space();
        let _refuses = space.subscribe(Stubborn::refusing_within(refused, u32::MAX), cx);
        let _panics = space.subscribe(faulty, cx);
        let _is_late = space.subscribe(Stubborn::refusing_within(late, 1), cx);
        let reaper = Reaper::builder().tries(3).interval(SHORT).on_event(|_| {}).spawn().unwrap();
        let reaped = reaper.reap(Arc::clone(&browser)).wait(cx);
        reaper.shutdown(cx);

        assert_eq!((reaped.outcome, reaped.name.as_str()), (Outcome::GivenUp, "browser"));
        let held = |range| *reaped.held.iter().find(|held| held.range == range).unwrap();
        assert_eq!(reaped.held.len(), 3);
        assert_eq!(
            (held(refused).refusals, held(refused).panics, held(refused).taken),
            (3, 0, false)
        );
        assert_eq!((held(panics).refusals, held(panics).panics, held(panics).taken), (0, 3, false));
        assert_eq!((held(late).refusals, held(late).panics, held(late).taken), (1, 0, true));

        let report = reaped.to_string();
        let mut lines: Vec<_> = report.lines().collect();
        let (pid, first) = (std::process::id(), lines.remove(0));
        let start = format!(
            "oom_reaper: unable to reap pid:{pid} (browser), now anon-rss:2048kB, before:4096kB, after 3 tries in "
        );
        assert!(first.starts_with(&start), "{report}");
        let mut expected = [
            (refused, "refused by a driver 3 times"),
            (panics, "a driver panicked 3 times"),
            (late, "refused by a driver 1 time; taken in the end"),
        ];
        expected.sort_by_key(|(range, _)| range.start());
        assert_eq!(lines, expected.map(|(range, text)| format!("  {range}: {text}")));
    });
}

/// As in Linux, whose log has it: unless somebody watches, it stands on standard error.
#[test]
fn a_victim_that_is_given_up_is_reported_on_standard_error() {
    let name = "a_victim_that_is_given_up_is_reported_on_standard_error";
    let outcome = process::own(name, &[], || {
        sleepable(|cx| {
            for watched in [true, false] {
                let reaper = Reaper::builder().tries(2).interval(SHORT);
                let reaper = if watched { reaper.on_event(|_| {}) } else { reaper };
                let reaper = reaper.spawn().unwrap();
                for lock in [true, false] {
                    let name = format!("{watched} {lock}");
                    let victim = victim(&name, 1, cx);
                    let guard = lock.then(|| victim.lock(cx));
                    let reaped = reaper.reap(Arc::clone(&victim)).wait(cx);
                    assert_eq!(reaped.is_complete(), !lock);
                    drop(guard);
                }
                reaper.shutdown(cx);
            }
        });
    });
    outcome.assert_success();
    let lines: Vec<_> = outcome.stderr.lines().collect();
    let [first, second] = lines[..] else { panic!("{outcome:#?}") };
    assert!(first.contains("unable to reap pid:") && first.contains("(false true)"), "{first}");
    assert_eq!(second, "  the memory lock was held 2 times");
}

#[test]
fn everything_is_counted() {
    sleepable(|cx| {
        let reaper = Reaper::builder().tries(2).interval(SHORT).on_event(|_| {}).spawn().unwrap();
        assert_eq!(reaper.stats(), nonblock::oom::ReaperStats::default());

        assert!(reaper.reap(victim("easy", 2, cx)).wait(cx).is_complete());
        let refuses = victim("refuses", 1, cx);
        let _refuses = refuses.space().subscribe(Stubborn::refusing(1), cx).unwrap();
        assert!(reaper.reap(refuses).wait(cx).is_complete());
        let panics = victim("panics", 1, cx);
        let faulty = Arc::new(Stubborn { panics: AtomicU32::new(2), ..Stubborn::default() });
        let _panics = panics.space().subscribe(faulty, cx).unwrap();
        assert_eq!(reaper.reap(panics).wait(cx).outcome, Outcome::GivenUp);
        let locked = victim("locked", 1, cx);
        let guard = locked.lock(cx);
        assert_eq!(reaper.reap(Arc::clone(&locked)).wait(cx).outcome, Outcome::GivenUp);
        drop(guard);

        let stats = reaper.stats();
        assert_eq!((stats.victims, stats.complete, stats.given_up, stats.cancelled), (4, 2, 2, 0));
        assert_eq!((stats.attempts, stats.busy, stats.refusals), (7, 2, 1));
        assert_eq!((stats.panics, stats.failures, stats.waiting()), (2, 0, 0));
        assert_eq!(stats.reclaimed, 3 * MIB as u64);
        assert!(!stats.time.is_zero());
        let start = "victims: 4 (2 reaped, 2 given up, 0 called off), tries: 7 (2 busy), refusals: 1, panics: 2, \
                     failures: 0, reclaimed: 3072kB in 0.";
        assert!(stats.to_string().starts_with(start), "{stats}");
        reaper.shutdown(cx);
    });
}
