//! Drivers that misbehave: whatever they do, the reaper's thread goes on.

#![cfg(target_os = "linux")]
#![allow(clippy::similar_names, reason = "a reaper has reaped when its reaping is over")]

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use nonblock::testing::violations;
use nonblock::{Context, NonBlock, ViolationKind, raw, sleepable};
use nonblock_mm::mmu::{Invalidate, Range};
use nonblock_mm::oom::{Killer, ReapEventKind, ReapOutcome, Reaper};
use nonblock_tests::victim::victim;

const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_secs(20);

/// What panics when it is dropped.
struct Bomb(Arc<AtomicBool>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        if !std::thread::panicking() {
            panic_any("a second fault, as told");
        }
    }
}

#[test]
fn a_payload_that_panics_when_dropped_does_not_stop_the_reaper() {
    /// A driver that panics with one.
    struct Thrower(Arc<AtomicBool>);

    impl Invalidate for Thrower {
        fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
            panic_any(Bomb(Arc::clone(&self.0)))
        }
    }

    sleepable(|cx| {
        let reaper = Reaper::builder().tries(2).interval(SHORT).on_event(|_| {}).spawn().unwrap();
        let faulty = victim("faulty", 1, cx);
        let went_off = Arc::new(AtomicBool::new(false));
        let thrower = Arc::new(Thrower(Arc::clone(&went_off)));
        let subscription = faulty.space().subscribe(thrower, cx).unwrap();
        let reaped = reaper.reap(Arc::clone(&faulty)).wait(cx);
        assert_eq!((reaped.outcome, reaped.panics), (ReapOutcome::GivenUp, 2));
        assert!(went_off.load(Ordering::Relaxed));
        subscription.unsubscribe(cx);
        // The thread lives on.
        assert!(reaper.reap(faulty).wait(cx).is_complete());
        reaper.shutdown(cx);
    });
}

/// The reaper is the last to hold the victim, and so drops its drivers.
#[test]
fn a_driver_that_panics_in_its_drop_does_not_stop_the_reaper() {
    /// A driver that holds one.
    struct Holder {
        _bomb: Bomb,
    }

    impl Invalidate for Holder {
        fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
            Ok(())
        }
    }

    sleepable(|cx| {
        let (began, has_begun) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel();
        let setup = Reaper::builder().on_event(move |event| {
            if event.victim.name() == "faulty" && matches!(event.kind, ReapEventKind::Began { .. })
            {
                began.send(()).unwrap();
                goes_on.recv_timeout(LONG).unwrap();
            }
        });
        let reaper = setup.spawn().unwrap();
        let faulty = victim("faulty", 1, cx);
        let went_off = Arc::new(AtomicBool::new(false));
        let holder = Arc::new(Holder { _bomb: Bomb(Arc::clone(&went_off)) });
        let subscription = faulty.space().subscribe(holder, cx).unwrap();
        let reaping = reaper.reap(Arc::clone(&faulty));
        has_begun.recv_timeout(LONG).unwrap();
        std::mem::forget(subscription);
        drop(faulty);
        go_on.send(()).unwrap();
        assert!(reaping.wait(cx).is_complete());
        assert!(went_off.load(Ordering::Relaxed), "somebody else holds the victim");
        assert!(reaper.reap(victim("next", 1, cx)).wait(cx).is_complete());
        reaper.shutdown(cx);
    });
}

#[test]
fn a_section_that_a_driver_leaves_open_is_reported_once_and_closed() {
    /// A driver that opens a section, as from C, and forgets to close it.
    struct Forgetful;

    impl Invalidate for Forgetful {
        fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
            raw::non_block_start();
            panic_any("before the end, as told")
        }
    }

    if !nonblock::CHECKS {
        return;
    }
    let found = violations(|| {
        sleepable(|cx| {
            let setup = Reaper::builder().tries(1).on_event(|_| assert_eq!(raw::depth(), 0));
            let reaper = setup.spawn().unwrap();
            let faulty = victim("faulty", 1, cx);
            let _forgets = faulty.space().subscribe(Arc::new(Forgetful), cx).unwrap();
            assert_eq!(reaper.reap(faulty).wait(cx).panics, 1);
            assert!(reaper.reap(victim("next", 1, cx)).wait(cx).is_complete());
            reaper.shutdown(cx);
        });
    });
    let [found] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(found.kind(), ViolationKind::SleepInNonBlock);
    // Where the reaper was started.
    assert_eq!(found.location().file(), file!());
}

/// The end calls are made when the pages are gone.
#[test]
fn what_was_taken_is_told_though_a_driver_panics_at_the_end() {
    /// A driver that panics when the range may be used again.
    struct Late;

    impl Invalidate for Late {
        fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
            Ok(())
        }

        fn finish(&self, _range: &Range, _nb: &mut NonBlock) {
            panic_any("at the end, as told")
        }
    }

    let (told, hears) = mpsc::channel();
    let setup = Reaper::builder().tries(3).interval(SHORT).on_event(move |event| {
        told.send(event.kind.clone()).unwrap();
    });
    let reaper = setup.spawn().unwrap();
    let ranges = sleepable(|cx| {
        let faulty = victim("faulty", 2, cx);
        let _late = faulty.space().subscribe(Arc::new(Late), cx).unwrap();
        let reaped = reaper.reap(Arc::clone(&faulty)).wait(cx);
        assert_eq!((reaped.outcome, reaped.attempts, reaped.panics), (ReapOutcome::Complete, 1, 1));
        assert_eq!((&reaped.taken, &reaped.skipped[..]), (&faulty.ranges(), &[][..]));
        assert!(reaped.held.iter().all(|held| held.taken && held.panics == 1), "{reaped:#?}");
        assert_eq!(reaped.reclaimed(), reaped.resident_before);
        reaper.shutdown(cx);
        faulty.ranges()
    });
    let told: Vec<_> = hears.iter().collect();
    for range in ranges {
        let mut of_it = told.iter().filter_map(|kind| match kind {
            ReapEventKind::Panicked { range: at, .. } if *at == range => Some("panicked"),
            ReapEventKind::Taken { range: at, .. } if *at == range => Some("taken"),
            _ => None,
        });
        assert_eq!(
            (of_it.next(), of_it.next(), of_it.next()),
            (Some("panicked"), Some("taken"), None)
        );
    }
}

/// A reaper that is shut down by its own watcher would wait for itself.
#[test]
fn a_reaper_that_is_shut_down_on_its_own_thread_says_so() {
    let slot = Arc::new(Mutex::new(None::<Reaper>));
    let (told, hears) = mpsc::channel();
    let setup = Reaper::builder().on_event({
        let slot = Arc::clone(&slot);
        move |event| {
            if let ReapEventKind::Began { .. } = event.kind {
                let reaper = slot.lock().unwrap().take().unwrap();
                let call = || sleepable(|cx| reaper.shutdown(cx));
                let panicked = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
                told.send(*panicked.downcast::<&str>().unwrap()).unwrap();
            }
        }
    });
    sleepable(|cx| {
        let reaping = {
            let mut slot = slot.lock().unwrap();
            slot.insert(setup.spawn().unwrap()).reap(victim("last", 1, cx))
        };
        assert!(reaping.wait(cx).is_complete());
    });
    let text = hears.recv_timeout(LONG).unwrap();
    assert_eq!(text, "the reaper's own thread waits for itself: shut the reaper down elsewhere");
}

/// A killer that is shut down by the closure that chooses would wait for itself.
#[test]
fn a_killer_that_is_shut_down_on_its_own_thread_says_so() {
    let slot = Arc::new(Mutex::new(None::<Killer>));
    let (told, hears) = mpsc::channel();
    let choose = {
        let slot = Arc::clone(&slot);
        move |_, cx: &mut nonblock::Sleepable| {
            let killer = slot.lock().unwrap().take().unwrap();
            let call = || killer.shutdown(cx);
            let panicked = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
            told.send(*panicked.downcast::<&str>().unwrap()).unwrap();
            Vec::new()
        }
    };
    let reaper = Arc::new(Reaper::builder().spawn().unwrap());
    slot.lock().unwrap().insert(Killer::manual(reaper, choose).unwrap()).trigger();
    let text = hears.recv_timeout(LONG).unwrap();
    assert_eq!(text, "the killer's own thread waits for itself: shut the killer down elsewhere");
    // It has ended, and dropped the closure.
    assert!(matches!(hears.recv_timeout(LONG), Err(mpsc::RecvTimeoutError::Disconnected)));
}
