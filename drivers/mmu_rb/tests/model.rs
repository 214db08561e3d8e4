//! The driver against a plain model of it, and against threads: no request begins with a stale page, and nothing
//! that was pinned stays so.

mod pins;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mmu_rb::{Busy, PktQueue, SdmaRequest, Sizes};
use nonblock::{Sleepable, sleepable, thread};
use nonblock_mm::mmu::{AddressSpace, Event, Range};
use proptest::prelude::*;

use pins::{PAGES, Pins, range};

/// How many buffers are cached in the model's test.
const NODES: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    Submit(usize, usize),
    /// Ends the oldest request.
    End,
    Invalidate(usize, usize),
    TryInvalidate(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Few places, so that some occur again.
    let buffer = || (0..PAGES / 2, 1_usize..4).prop_map(|(place, pages)| (place / 2 * 4, pages));
    let span = || (0..PAGES - 8, 1_usize..8);
    let step = prop_oneof![
        4 => buffer().prop_map(|(first, pages)| Step::Submit(first, pages)),
        2 => Just(Step::End),
        1 => span().prop_map(|(first, pages)| Step::Invalidate(first, pages)),
        1 => span().prop_map(|(first, pages)| Step::TryInvalidate(first, pages)),
    ];
    proptest::collection::vec(step, 0..48)
}

/// A cached buffer of the model. The list is in the order of use. `id` distinguishes buffers at the same place.
struct Cached {
    range: Range,
    id: usize,
}

fn agrees_with_the_model(steps: &[Step], cx: &mut Sleepable) {
    let (pins, space) = (Pins::new(), AddressSpace::new());
    // The queue always has room for buffers to be released.
    let sizes = Sizes { nodes: NODES, del_queue: 64 };
    let queue = PktQueue::alloc(pins.clone(), &space, sizes, 64, cx).expect("a live space");
    let mut requests: Vec<(SdmaRequest<'_>, usize)> = Vec::new();
    let mut model: Vec<Cached> = Vec::new();
    let mut ids = 0..;
    for step in steps {
        match *step {
            Step::Submit(first, count) => {
                let range = range(first, count);
                let found = model.iter().position(|cached| cached.range == range);
                let used = if let Some(place) = found {
                    Some(model.remove(place))
                } else {
                    model.retain(|cached| !cached.range.overlaps(&range));
                    let in_use = |cached: &Cached| requests.iter().any(|(_, id)| *id == cached.id);
                    if model.len() == NODES
                        && let Some(oldest) = model.iter().position(|cached| !in_use(cached))
                    {
                        model.remove(oldest);
                    }
                    (model.len() < NODES).then(|| Cached { range, id: ids.next().unwrap() })
                };
                let submitted = queue.submit(range, cx);
                match used {
                    Some(cached) => {
                        requests.push((submitted.expect("nothing is in the way"), cached.id));
                        model.push(cached);
                    }
                    None => assert_eq!(submitted.err(), Some(Busy::Cache)),
                }
            }
            Step::End if requests.is_empty() => {}
            Step::End => drop(requests.remove(0)),
            Step::Invalidate(first, count) => {
                drop(space.invalidate(range(first, count), Event::Unmap, cx));
                model.retain(|cached| !cached.range.overlaps(&range(first, count)));
            }
            Step::TryInvalidate(first, count) => {
                assert!(space.try_invalidate(range(first, count), Event::Unmap, cx).is_ok());
                model.retain(|cached| !cached.range.overlaps(&range(first, count)));
            }
        }
        let mut expected: Vec<_> = model.iter().map(|cached| cached.range).collect();
        expected.sort_by_key(Range::start);
        assert_eq!(queue.cache().cached(cx), expected);
    }
    drop(requests);
    queue.free(cx);
    assert_eq!(pins.pinned(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn steps_agree_with_a_plain_model(steps in steps()) {
        nonblock::testing::run(|| sleepable(|cx| agrees_with_the_model(&steps, cx)));
    }
}

/// Lets each thread do at least its share of the work, and go on until all threads have, or until one has failed.
struct Shares {
    lacking: AtomicUsize,
    failed: AtomicBool,
}

impl Shares {
    fn of(threads: usize) -> Self {
        Self { lacking: AtomicUsize::new(threads), failed: AtomicBool::new(false) }
    }

    /// Calls the closure with 0, 1 and so on. Returns how many times.
    fn work(&self, share: usize, mut round: impl FnMut(usize)) -> usize {
        let failing = Failing(self);
        let mut rounds = 0;
        while self.lacking.load(Ordering::Relaxed) > 0 && !self.failed.load(Ordering::Relaxed) {
            round(rounds);
            rounds += 1;
            if rounds == share {
                self.lacking.fetch_sub(1, Ordering::Relaxed);
            }
        }
        std::mem::forget(failing);
        rounds
    }
}

/// Stops the other threads if one fails.
struct Failing<'a>(&'a Shares);

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        self.0.failed.store(true, Ordering::Relaxed);
    }
}

#[nonblock::test]
fn no_request_begins_with_a_stale_page(cx: &mut Sleepable) {
    const SHARE: usize = 500;
    const PAUSE: Duration = Duration::from_micros(50);
    let (pins, space) = (Pins::new(), AddressSpace::new());
    let sizes = Sizes { nodes: 4, del_queue: 2 };
    let queue = PktQueue::alloc(pins.clone(), &space, sizes, 2, cx).expect("a live space");
    let shares = Shares::of(3);
    let rounds = thread::scope(cx, |scope, cx| {
        let (space, queue, shares, truth) = (&space, &queue, &shares, &pins.0.truth);
        let version = move |page: usize| truth[page].load(Ordering::Relaxed);
        for sender in [0, 1] {
            scope.spawn(move |cx| {
                shares.work(SHARE, |round| {
                    // As many buffers as the cache can hold, so that they are found there.
                    let page = 8 * ((sender + round) % 4);
                    let before = [version(page), version(page + 1)];
                    // Requests of the other thread may prevent it.
                    let Ok(request) = queue.submit(range(page, 2), cx) else { return };
                    for (found, before) in request.pages().iter().zip(before) {
                        assert!(*found >= before, "a page of {before} was sent as {found}");
                        assert_eq!(found % 2, 0, "it was pinned while it was changed");
                    }
                    thread::yield_now(cx);
                });
            });
        }
        shares.work(SHARE, |round| {
            let (first, count) = (round * 7 % (PAGES - 4), 1 + round % 4);
            let invalidation = match round % 2 {
                0 => Some(space.invalidate(range(first, count), Event::Unmap, cx)),
                _ => space.try_invalidate(range(first, count), Event::Unmap, cx).ok(),
            };
            // A refused caller leaves the pages alone.
            if let Some(_invalidation) = invalidation {
                let pages = truth.iter().skip(first).take(count);
                pages.clone().for_each(|version| _ = version.fetch_add(1, Ordering::Relaxed));
                thread::yield_now(cx);
                pages.for_each(|version| _ = version.fetch_add(1, Ordering::Relaxed));
            }
            // Gives the other threads a turn.
            thread::sleep(cx, PAUSE);
        })
    });
    let counters = queue.cache().counters(cx);
    assert_eq!(counters.invalidations, counters.finished, "{counters:?}");
    assert_eq!(counters.invalidations + counters.refusals, rounds as u64, "{counters:?}");
    assert_eq!(counters.deferred, queue.cache().queue_stats().pushed as u64, "{counters:?}");
    queue.free(cx);
    assert_eq!(pins.pinned(), 0, "nothing was lost");
}
