//! `mirror`: a reader that invalidations overtook too often gets its turn, and nobody waits for ever because of that.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use nonblock::{Context, NonBlock, Sleepable, sleepable, thread};
use nonblock_mm::mmu::{
    AddressSpace, Event, IntervalSubscription, InvalidateInterval, PAGE_SIZE, Range, Seq,
};

/// An invalidation that waits for a turn has not begun before this is over. It looks a hundred times, and nearly all of its
/// waits last a millisecond or longer.
const SHORTEST_WAIT: Duration = Duration::from_millis(90);

/// A driver that has nothing to do. The tests look at the sequence number only.
struct Idle;

impl InvalidateInterval for Idle {
    fn invalidate_interval<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

fn pages(first: usize, count: usize) -> Range {
    Range::with_len(first * PAGE_SIZE, count * PAGE_SIZE).unwrap()
}

/// Of the tests' interval.
fn page() -> Range {
    pages(3, 1)
}

struct Scene {
    space: Arc<AddressSpace>,
    interval: Arc<IntervalSubscription>,
}

impl Scene {
    fn new(cx: &mut Sleepable) -> Self {
        let space = Arc::new(AddressSpace::new());
        let interval = space.subscribe_interval(pages(0, 8), Arc::new(Idle), cx).unwrap();
        Self { space, interval: Arc::new(interval) }
    }

    /// Makes an invalidation on another thread, from start to end.
    fn invalidation_elsewhere(&self, range: Range) -> thread::JoinHandle<()> {
        let space = Arc::clone(&self.space);
        thread::spawn(move |cx| drop(space.invalidate(range, Event::Unmap, cx)))
    }

    /// Checks that an invalidation on another thread waits and overtakes no reader, and returns it.
    fn is_held_back(&self, seq: Seq, cx: &mut Sleepable) -> thread::JoinHandle<()> {
        let before = Instant::now();
        let invalidation = self.invalidation_elsewhere(page());
        thread::sleep(cx, Duration::from_millis(20));
        let has_begun = self.interval.read_retry(seq) || invalidation.is_finished();
        // Else this thread was away for so long that nothing can be said.
        assert!(!has_begun || before.elapsed() >= SHORTEST_WAIT, "it was not held back");
        invalidation
    }
}

#[test]
fn a_reader_that_was_overtaken_holds_the_next_invalidation_back() {
    sleepable(|cx| {
        for limit in 0..4 {
            let scene = Scene::new(cx);
            let mut tries = 0;
            let held_back = scene.interval.mirror(limit, cx, |seq, cx| {
                tries += 1;
                if tries <= limit {
                    // Overtaken: it goes through while this tries.
                    scene.invalidation_elsewhere(page()).join(cx).unwrap();
                    assert!(scene.interval.read_retry(seq));
                    return None;
                }
                Some(scene.is_held_back(seq, cx))
            });
            assert!(tries > limit);
            // After the turn it begins.
            held_back.join(cx).unwrap();
        }
    });
}

/// How long that test's threads invalidate if nobody stops them.
const WITHOUT_END: Duration = Duration::from_secs(20);

/// One is under way at each moment, so a plain loop would wait for ever in its first `read_begin`.
#[test]
fn gets_through_where_invalidations_overlap_without_end() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        let _ = scene.interval.read_begin(cx);
        let (running, started) = (AtomicBool::new(true), Instant::now());
        // How often an invalidation has begun while another one was open.
        let overlaps = AtomicUsize::new(0);
        thread::scope(cx, |scope, cx| {
            let (send_first, receive_first) = mpsc::channel();
            let (send_second, receive_second) = mpsc::channel();
            send_second.send(()).unwrap();
            let (began, has_begun) = mpsc::channel();
            for (begun, other_begins) in
                [(send_first, receive_second), (send_second, receive_first)]
            {
                let (space, running, overlaps) = (&scene.space, &running, &overlaps);
                let began = began.clone();
                scope.spawn(move |cx| {
                    // Ends its own when the other one has begun, or does not for a while.
                    let mut open = None;
                    while running.load(Ordering::Relaxed) && started.elapsed() < WITHOUT_END {
                        if other_begins.recv_timeout(Duration::from_millis(20)).is_ok() {
                            overlaps.fetch_add(1, Ordering::Relaxed);
                        }
                        drop(open.take());
                        open = Some(space.invalidate(page(), Event::Clear, cx));
                        let _ = (begun.send(()), began.send(()));
                    }
                });
            }
            has_begun.recv().unwrap();
            while overlaps.load(Ordering::Relaxed) < 100 {
                assert_eq!(scene.interval.try_read_begin(), None, "one is under way");
                thread::yield_now(cx);
            }
            for _ in 0..3 {
                scene
                    .interval
                    .mirror(4, cx, |seq, _cx| (!scene.interval.read_retry(seq)).then_some(()));
            }
            running.store(false, Ordering::Relaxed);
            assert!(started.elapsed() < WITHOUT_END, "it waited until nobody invalidated any more");
        });
    });
}

#[test]
fn an_invalidation_that_the_reader_waits_for_is_not_held_back_for_ever() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        let mut tries = 0;
        scene.interval.mirror(0, cx, |seq, cx| {
            tries += 1;
            if tries == 1 {
                scene.invalidation_elsewhere(page()).join(cx).unwrap();
            }
            (!scene.interval.read_retry(seq)).then_some(())
        });
        assert_eq!(tries, 2);
    });
}

/// Does something in the reader's turn, and checks that this neither waited for the turn nor took it away. The next turn
/// would come one failure later, so an ended turn is seen.
fn does_not_wait(scene: &Scene, cx: &mut Sleepable, invalidate: impl Fn(&mut Sleepable)) {
    let mut tries = 0;
    let held_back = scene.interval.mirror(1, cx, |seq, cx| {
        tries += 1;
        match tries {
            1 => None,
            2 => {
                invalidate(cx);
                assert!(scene.interval.read_retry(seq), "it went first");
                None
            }
            _ => Some(scene.is_held_back(seq, cx)),
        }
    });
    assert_eq!(tries, 3);
    held_back.join(cx).unwrap();
}

/// The reader may be waiting for memory, which only this one frees.
#[test]
fn who_must_not_sleep_goes_first() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        does_not_wait(&scene, cx, |cx| {
            let space = Arc::clone(&scene.space);
            let reaper = thread::spawn(move |cx| {
                let in_section = |nb: &mut NonBlock| {
                    drop(space.try_invalidate(page(), Event::Unmap, nb).unwrap());
                };
                cx.non_block(in_section);
                drop(space.try_invalidate(page(), Event::Unmap, cx).unwrap());
            });
            reaper.join(cx).unwrap();
        });
    });
}

#[test]
fn an_invalidation_within_the_look_up_does_not_wait_for_it() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        does_not_wait(&scene, cx, |cx| {
            drop(scene.space.invalidate(page(), Event::ProtectionPage, cx));
        });
    });
}

/// The reader may be waiting for the outer one.
#[test]
fn an_invalidation_within_another_does_not_wait() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        does_not_wait(&scene, cx, |cx| {
            let space = Arc::clone(&scene.space);
            let nested = thread::spawn(move |cx| {
                let outer = space.invalidate(pages(64, 1), Event::Unmap, cx);
                drop(space.invalidate(page(), Event::Unmap, cx));
                drop(outer);
            });
            nested.join(cx).unwrap();
        });
    });
}

#[test]
fn an_invalidation_that_does_not_meet_the_interval_does_not_wait() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        let held_back = scene.interval.mirror(0, cx, |seq, cx| {
            scene.invalidation_elsewhere(pages(8, 1)).join(cx).unwrap();
            assert!(!scene.interval.read_retry(seq));
            Some(scene.is_held_back(seq, cx))
        });
        held_back.join(cx).unwrap();
    });
}

#[test]
fn the_turn_ends_with_the_call_even_if_it_panics() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        // A stall of the machine may look like a wait, but not each time.
        let waited = (0..20).all(|_| {
            let mirroring = AssertUnwindSafe(|| {
                scene.interval.mirror(0, cx, |_seq, _cx| -> Option<()> { panic!("as told") });
            });
            assert!(catch_unwind(mirroring).is_err());
            let before = Instant::now();
            drop(scene.space.invalidate(page(), Event::Unmap, cx));
            before.elapsed() >= SHORTEST_WAIT
        });
        assert!(!waited);
    });
}

#[test]
fn mirrors_nothing_stale_with_and_without_a_turn() {
    const READERS: u64 = 2;
    let times = if cfg!(miri) { 5 } else { 300 };
    sleepable(|cx| {
        let scene = Scene::new(cx);
        // Odd while an invalidation is under way: only one thread invalidates.
        let truth = AtomicU64::new(0);
        let left = AtomicU64::new(READERS);
        thread::scope(cx, |scope, cx| {
            for limit in 0..READERS {
                let (scene, truth, left) = (&scene, &truth, &left);
                scope.spawn(move |cx| {
                    for _ in 0..times {
                        let read =
                            scene.interval.mirror(u32::try_from(limit).unwrap(), cx, |seq, cx| {
                                let read = truth.load(Ordering::Acquire);
                                thread::yield_now(cx);
                                (!scene.interval.read_retry(seq)).then_some(read)
                            });
                        assert_eq!(read % 2, 0, "read while it was changed");
                    }
                    left.fetch_sub(1, Ordering::Relaxed);
                });
            }
            while left.load(Ordering::Relaxed) > 0 {
                let open = scene.space.invalidate(page(), Event::Unmap, cx);
                truth.fetch_add(1, Ordering::Release);
                thread::yield_now(cx);
                truth.fetch_add(1, Ordering::Release);
                drop(open);
            }
        });
    });
}

#[test]
fn mirrors_although_the_address_space_is_gone() {
    sleepable(|cx| {
        let Scene { space, interval } = Scene::new(cx);
        drop(space);
        let mut tries = 0;
        interval.mirror(0, cx, |_seq, _cx| {
            tries += 1;
            (tries == 3).then_some(())
        });
    });
}
