//! The reaper: it takes what it can, waits for nobody, comes back for the rest, and gives up in the end.

#![cfg(target_os = "linux")]
#![allow(clippy::similar_names, reason = "a reaper has reaped when its reaping is over")]

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use nonblock::{
    Context, NonBlock, Sleepable, ViolationKind, might_sleep, raw, sleepable, testing, thread,
};
use nonblock_mm::memory::Mm;
use nonblock_mm::mmu::{Invalidate, Range, Subscription};
use nonblock_mm::oom::{Builder, INTERVAL, ReapEventKind, Reaped, Reaper, TRIES};

const MIB: usize = 1 << 20;
const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_secs(20);

/// A driver with a table behind a mutex, of which it mirrors one range.
struct Device {
    mirrored: Range,
    table: nonblock::sync::Mutex<()>,
    /// How many calls it refuses, whatever the table is.
    refuses: AtomicU32,
    panics: AtomicBool,
    starts: AtomicU32,
    ends: AtomicU32,
}

impl Device {
    fn new(mirrored: Range) -> Arc<Self> {
        Arc::new(Self {
            mirrored,
            table: nonblock::sync::Mutex::new(()),
            refuses: AtomicU32::new(0),
            panics: AtomicBool::new(false),
            starts: AtomicU32::new(0),
            ends: AtomicU32::new(0),
        })
    }
}

impl Invalidate for Device {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        if range.overlaps(&self.mirrored) {
            assert!(!self.panics.load(Ordering::Relaxed), "a driver's fault, as told");
            let one_less = |left: u32| left.checked_sub(1);
            if self.refuses.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
                cx.or_refuse()?;
            }
            drop(self.table.acquire(cx)?);
        }
        self.starts.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn finish(&self, _range: &Range, _nb: &mut NonBlock) {
        self.ends.fetch_add(1, Ordering::Relaxed);
    }
}

/// A victim with so many touched parts of a MiB, each mirrored by a device of its own.
struct Scene {
    victim: Arc<Mm>,
    ranges: Vec<Range>,
    devices: Vec<Arc<Device>>,
    _subscriptions: Vec<Subscription>,
}

impl Scene {
    fn new(parts: usize, cx: &mut Sleepable) -> Self {
        let victim = Arc::new(Mm::new());
        let ranges: Vec<_> = (0..parts).map(|_| victim.map(MIB, cx).unwrap()).collect();
        let devices: Vec<_> = ranges.iter().map(|range| Device::new(*range)).collect();
        let mut subscriptions = Vec::new();
        for (range, device) in ranges.iter().zip(&devices) {
            victim.touch(range, cx).unwrap();
            subscriptions.push(victim.space().subscribe(device.clone(), cx).unwrap());
        }
        Self { victim, ranges, devices, _subscriptions: subscriptions }
    }

    /// Every start had its end.
    fn check_ends(&self) {
        for device in &self.devices {
            let ends = device.ends.load(Ordering::Relaxed);
            assert_eq!(device.starts.load(Ordering::Relaxed), ends);
        }
    }
}

/// What a reaper told, and when.
type Told = Arc<Mutex<Vec<(Instant, u32, ReapEventKind)>>>;

fn watched(setup: Builder) -> (Builder, Told) {
    let told = Told::default();
    let setup = setup.on_event({
        let told = Arc::clone(&told);
        move |event| told.lock().unwrap().push((Instant::now(), event.attempt, event.kind.clone()))
    });
    (setup, told)
}

/// Reaps one victim with a reaper of its own.
fn reap(setup: Builder, victim: &Arc<Mm>, cx: &mut Sleepable) -> Reaped {
    let reaper = setup.spawn().unwrap();
    let reaped = reaper.reap(Arc::clone(victim)).wait(cx);
    reaper.shutdown(cx);
    reaped
}

#[test]
fn the_numbers_are_those_of_linux() {
    assert_eq!(TRIES, 10);
    assert_eq!(INTERVAL, Duration::from_millis(100));
    assert_eq!(
        format!("{:?}", Reaper::builder()),
        "Builder { tries: 10, interval: 100ms, max_interval: None, watched: false }"
    );
}

#[test]
fn everything_is_taken_at_once_if_nobody_refuses() {
    sleepable(|cx| {
        let scene = Scene::new(4, cx);
        let (setup, told) = watched(Reaper::builder());
        let reaped = reap(setup, &scene.victim, cx);
        assert!(reaped.is_complete());
        assert_eq!((reaped.resident_before, reaped.resident_after), (Some(4 * MIB), Some(0)));
        assert_eq!(reaped.reclaimed(), Some(4 * MIB));
        assert_eq!((reaped.attempts, reaped.busy, reaped.refusals), (1, 0, 0));
        assert_eq!((reaped.panics, reaped.failures), (0, 0));
        assert_eq!(reaped.taken, scene.ranges);
        assert_eq!(reaped.skipped, []);
        // What the report says, the kernel says too.
        assert_eq!(scene.victim.resident(cx).unwrap(), 0);
        // The mappings stay, for the victim to unmap.
        assert_eq!(scene.victim.ranges(), scene.ranges);
        scene.check_ends();

        let told = std::mem::take(&mut *told.lock().unwrap());
        let taken = told.iter().filter(|(_, _, kind)| matches!(kind, ReapEventKind::Taken { .. }));
        assert_eq!(taken.count(), 4);
        assert!(
            matches!(told[0].2, ReapEventKind::Began { resident: Some(bytes), .. } if bytes == 4 * MIB)
        );
        let (_, 1, ReapEventKind::Done { reaped: last, .. }) = told.last().unwrap() else {
            panic!("{told:?}")
        };
        assert_eq!(*last, reaped);
    });
}

#[test]
fn a_victim_with_nothing_mapped_is_done_at_once() {
    sleepable(|cx| {
        let reaped = reap(Reaper::builder(), &Arc::new(Mm::new()), cx);
        assert!(reaped.is_complete());
        assert_eq!((reaped.attempts, reaped.reclaimed()), (1, Some(0)));
    });
}

#[test]
fn what_is_refused_once_is_taken_by_the_next_try() {
    sleepable(|cx| {
        let scene = Scene::new(3, cx);
        scene.devices[1].refuses.store(1, Ordering::Relaxed);
        let (setup, told) = watched(Reaper::builder().interval(SHORT));
        let reaped = reap(setup, &scene.victim, cx);
        assert!(reaped.is_complete());
        assert_eq!((reaped.attempts, reaped.refusals), (2, 1));
        let order = [scene.ranges[0], scene.ranges[2], scene.ranges[1]];
        assert_eq!(reaped.taken, order);
        assert_eq!(reaped.reclaimed(), Some(3 * MIB));
        scene.check_ends();
        // What was taken was not asked for again: three ranges and the refused call, whose first device had started.
        assert_eq!(scene.devices[0].starts.load(Ordering::Relaxed), 4);
        assert_eq!(scene.devices[2].starts.load(Ordering::Relaxed), 3);

        let told = told.lock().unwrap();
        let refused =
            told.iter().find(|(_, _, kind)| matches!(kind, ReapEventKind::Refused { .. }));
        let (_, attempt, kind) = refused.unwrap();
        assert_eq!(*attempt, 1);
        assert!(matches!(kind, ReapEventKind::Refused { range, .. } if *range == scene.ranges[1]));
        // The second try found the one part left.
        let second = told.iter().find(|(_, attempt, _)| *attempt == 2).unwrap();
        assert!(matches!(second.2, ReapEventKind::Began { resident: Some(MIB), .. }));
    });
}

/// The loop that the reaper is there to cut: a driver's table is held by a thread that waits for the memory.
#[test]
fn a_thread_that_holds_a_table_and_waits_for_memory_gets_it() {
    sleepable(|cx| {
        let scene = Scene::new(4, cx);
        thread::scope(cx, |scope, cx| {
            let (holds, has_table) = mpsc::channel();
            let (device, victim) = (&scene.devices[0], &scene.victim);
            let job = scope.spawn(move |cx| {
                let _table = device.table.lock(cx);
                holds.send(()).unwrap();
                let began = Instant::now();
                // Until three quarters are free.
                while victim.resident(cx).unwrap() > MIB {
                    assert!(began.elapsed() < LONG, "nothing was freed");
                    thread::sleep(cx, Duration::from_millis(1));
                }
            });
            has_table.recv().unwrap();
            let reaped = reap(Reaper::builder().interval(Duration::from_millis(20)), victim, cx);
            job.join(cx).unwrap();
            assert!(reaped.is_complete());
            assert!(reaped.refusals >= 1);
            assert_eq!(reaped.taken.last(), Some(&scene.ranges[0]));
            assert_eq!(reaped.reclaimed(), Some(4 * MIB));
        });
        scene.check_ends();
    });
}

#[test]
fn a_held_memory_lock_is_not_waited_for() {
    sleepable(|cx| {
        let scene = Scene::new(2, cx);
        let (began, has_tried) = mpsc::channel();
        let setup = Reaper::builder().interval(SHORT).tries(1000).on_event(move |event| {
            if event.kind == ReapEventKind::Busy && event.attempt == 3 {
                began.send(()).unwrap();
            }
        });
        let reaper = setup.spawn().unwrap();
        let guard = scene.victim.lock(cx);
        let mut reaping = reaper.reap(Arc::clone(&scene.victim));
        has_tried.recv_timeout(LONG).expect("the reaper waits for the memory lock");
        assert_eq!(reaping.poll(), None);
        assert_eq!(scene.victim.resident(cx).unwrap(), 2 * MIB);
        drop(guard);
        let reaped = reaping.wait(cx);
        assert!(reaped.is_complete());
        assert!(reaped.busy >= 3);
        assert_eq!(reaped.attempts, reaped.busy + 1);
        assert_eq!(reaped.refusals, 0);
        assert_eq!(reaped.reclaimed(), Some(2 * MIB));
        reaper.shutdown(cx);
    });
}

#[test]
fn a_victim_that_never_yields_is_given_up_and_reported() {
    sleepable(|cx| {
        let scene = Scene::new(3, cx);
        scene.devices[2].refuses.store(u32::MAX, Ordering::Relaxed);
        let (setup, told) = watched(Reaper::builder().tries(4).interval(SHORT));
        let reaped = reap(setup, &scene.victim, cx);
        assert!(!reaped.is_complete());
        assert_eq!((reaped.attempts, reaped.refusals, reaped.busy), (4, 4, 0));
        assert_eq!(reaped.taken, scene.ranges[..2]);
        assert_eq!(reaped.skipped, scene.ranges[2..]);
        assert_eq!(reaped.resident_after, Some(MIB));
        assert_eq!(scene.victim.resident(cx).unwrap(), MIB);
        scene.check_ends();
        let told = told.lock().unwrap();
        // There is no waiting after the last.
        let waits = told.iter().filter(|(_, _, kind)| matches!(kind, ReapEventKind::Waits { .. }));
        assert_eq!(waits.count(), 3);

        // Nor is one whose memory lock is never free; what is left is known all the same.
        let guard = scene.victim.lock(cx);
        let reaped = reap(Reaper::builder().tries(2).interval(SHORT), &scene.victim, cx);
        drop(guard);
        assert!(!reaped.is_complete());
        assert_eq!((reaped.attempts, reaped.busy, reaped.refusals), (2, 2, 0));
        assert_eq!(reaped.skipped, scene.ranges);
        assert_eq!(reaped.reclaimed(), Some(0));
    });
}

#[test]
fn the_interval_is_waited_out_between_two_tries() {
    let interval = Duration::from_millis(40);
    sleepable(|cx| {
        let scene = Scene::new(1, cx);
        scene.devices[0].refuses.store(3, Ordering::Relaxed);
        let (setup, told) = watched(Reaper::builder().interval(interval));
        assert_eq!(reap(setup, &scene.victim, cx).attempts, 4);
        let told = told.lock().unwrap();
        let at = |attempt: u32, which: fn(&ReapEventKind) -> bool| {
            let found = told.iter().find(|(_, other, kind)| *other == attempt && which(kind));
            found.unwrap().0
        };
        for attempt in 1..4 {
            let ended = at(attempt, |kind| matches!(kind, ReapEventKind::Refused { .. }));
            let began = at(attempt + 1, |kind| matches!(kind, ReapEventKind::Began { .. }));
            assert!(began - ended >= interval, "{:?} after try {attempt}", began - ended);
        }
    });
}

#[test]
fn a_victim_that_waits_keeps_nobody_waiting() {
    sleepable(|cx| {
        let slow = Scene::new(1, cx);
        let quick = Scene::new(1, cx);
        slow.devices[0].refuses.store(u32::MAX, Ordering::Relaxed);
        let (refused, was_refused) = mpsc::channel();
        let setup = Reaper::builder().tries(2).interval(Duration::MAX).on_event(move |event| {
            if matches!(event.kind, ReapEventKind::Refused { .. }) {
                // Nobody listens after the first.
                let _ = refused.send(());
            }
        });
        let reaper = setup.spawn().unwrap();
        let mut waiting = reaper.reap(Arc::clone(&slow.victim));
        was_refused.recv_timeout(LONG).unwrap();
        // The next try of the first victim is not before long; the second's is.
        let reaped = reaper.reap(Arc::clone(&quick.victim)).wait(cx);
        assert!(reaped.is_complete());
        assert_eq!(waiting.poll(), None);
        // The drop does not wait for the thread, which has an age to go.
        drop(reaper);
    });
}

#[test]
fn several_victims_are_told_apart() {
    sleepable(|cx| {
        let scenes: Vec<_> = (1..=5).map(|parts| Scene::new(parts, cx)).collect();
        for scene in &scenes {
            scene.devices[0].refuses.store(2, Ordering::Relaxed);
        }
        let reaper = Reaper::builder().interval(SHORT).spawn().unwrap();
        let reapings: Vec<_> =
            scenes.iter().map(|scene| reaper.reap(Arc::clone(&scene.victim))).collect();
        for (scene, reaping) in scenes.iter().zip(reapings) {
            let reaped = reaping.wait(cx);
            assert!(reaped.is_complete());
            assert_eq!((reaped.attempts, reaped.refusals), (3, 2));
            assert_eq!(reaped.reclaimed(), Some(scene.ranges.len() * MIB));
            scene.check_ends();
        }
        reaper.shutdown(cx);
    });
}

#[test]
fn a_driver_that_panics_does_not_stop_the_reaper() {
    sleepable(|cx| {
        let scene = Scene::new(3, cx);
        scene.devices[1].panics.store(true, Ordering::Relaxed);
        let reaper = Reaper::builder().tries(2).interval(SHORT).spawn().unwrap();
        let reaped = reaper.reap(Arc::clone(&scene.victim)).wait(cx);
        assert!(!reaped.is_complete());
        assert_eq!((reaped.attempts, reaped.panics, reaped.refusals), (2, 2, 0));
        assert_eq!(reaped.taken, [scene.ranges[0], scene.ranges[2]]);
        assert_eq!(reaped.skipped, [scene.ranges[1]]);
        scene.check_ends();

        scene.devices[1].panics.store(false, Ordering::Relaxed);
        let reaped = reaper.reap(Arc::clone(&scene.victim)).wait(cx);
        assert!(reaped.is_complete());
        assert_eq!(reaped.reclaimed(), Some(MIB));
        reaper.shutdown(cx);
    });
}

#[test]
fn a_watcher_that_panics_does_not_stop_the_reaper() {
    sleepable(|cx| {
        let scene = Scene::new(1, cx);
        let setup = Reaper::builder().on_event(|event| {
            // The hook prints it; the reaper goes on.
            assert!(event.attempt > 1, "a watcher's fault, as told");
        });
        assert!(reap(setup, &scene.victim, cx).is_complete());
    });
}

/// What is mapped while the reaper waits is taken too; what is unmapped is not missed.
#[test]
fn mappings_may_come_and_go_between_tries() {
    sleepable(|cx| {
        let scene = Scene::new(2, cx);
        scene.devices[0].refuses.store(1, Ordering::Relaxed);
        let (waits, is_waiting) = mpsc::channel();
        let setup = Reaper::builder().interval(Duration::from_millis(100)).on_event(move |event| {
            if matches!(event.kind, ReapEventKind::Waits { .. }) {
                waits.send(()).unwrap();
            }
        });
        let reaper = setup.spawn().unwrap();
        let reaping = reaper.reap(Arc::clone(&scene.victim));
        is_waiting.recv_timeout(LONG).unwrap();
        // Most likely at the address that was just taken: it is another mapping all the same.
        scene.victim.unmap(&scene.ranges[1], cx).unwrap();
        let newcomer = scene.victim.map(MIB, cx).unwrap();
        scene.victim.touch(&newcomer, cx).unwrap();

        let reaped = reaping.wait(cx);
        assert!(reaped.is_complete());
        assert_eq!(reaped.taken, [scene.ranges[1], scene.ranges[0], newcomer]);
        assert_eq!(scene.victim.resident(cx).unwrap(), 0);
        reaper.shutdown(cx);
    });
}

#[test]
fn callbacks_run_in_a_section_and_a_sleeping_one_is_reported() {
    /// A driver that sleeps, and takes no token for it.
    struct Sleepy;

    impl Invalidate for Sleepy {
        fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
            assert!(!nonblock::CHECKS || raw::depth() == 1);
            might_sleep();
            Ok(())
        }
    }

    let found = testing::violations(|| {
        sleepable(|cx| {
            let scene = Scene::new(1, cx);
            let _subscription = scene.victim.space().subscribe(Arc::new(Sleepy), cx).unwrap();
            assert!(reap(Reaper::builder(), &scene.victim, cx).is_complete());
        });
    });
    let kinds: Vec<_> = found.iter().map(nonblock::Violation::kind).collect();
    let expected: &[_] = if nonblock::CHECKS { &[ViolationKind::SleepInNonBlock] } else { &[] };
    assert_eq!(kinds, expected);
}

#[test]
fn a_victim_can_be_named_in_a_section() {
    sleepable(|cx| {
        let scene = Scene::new(1, cx);
        let reaper = Reaper::builder().spawn().unwrap();
        let reaping = cx.non_block(|_nb| reaper.reap(Arc::clone(&scene.victim)));
        assert!(reaping.wait(cx).is_complete());
        cx.non_block(|_nb| drop(reaper));
    });
}

#[test]
fn a_dropped_or_shut_down_reaper_finishes_what_it_has() {
    for shut_down in [true, false] {
        sleepable(|cx| {
            let scene = Scene::new(2, cx);
            scene.devices[0].refuses.store(3, Ordering::Relaxed);
            let reaper = Reaper::builder().interval(SHORT).spawn().unwrap();
            let mut reaping = reaper.reap(Arc::clone(&scene.victim));
            if shut_down {
                reaper.shutdown(cx);
                assert!(reaping.poll().is_some_and(Reaped::is_complete));
            } else {
                drop(reaper);
            }
            let reaped = reaping.wait(cx);
            assert!(reaped.is_complete());
            assert_eq!(reaped.attempts, 4);
        });
    }
}

#[test]
fn nobody_need_wait_for_the_result() {
    sleepable(|cx| {
        let scene = Scene::new(1, cx);
        let reaper = Reaper::builder().spawn().unwrap();
        drop(reaper.reap(Arc::clone(&scene.victim)));
        reaper.shutdown(cx);
        assert_eq!(scene.victim.resident(cx).unwrap(), 0);
        // The reaper kept nothing of it.
        assert_eq!(Arc::strong_count(&scene.victim), 1);
    });
}

#[test]
fn no_tries_are_refused() {
    let error = Reaper::builder().tries(0).spawn().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "a reaper with 0 tries takes nothing: expected at least 1");
}
