//! A soak: threads that invalidate, threads that mirror, and subscriptions that come and go, for 5 seconds.
//!
//! `.ci/soak` sets another length by `NONBLOCK_SOAK_SECONDS`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use nonblock::sync::Mutex;
use nonblock::{Context, NonBlock, Sleepable, sleepable, thread};
use nonblock_mm::mmu::{
    AddressSpace, Event, IntervalSubscription, Invalidate, InvalidateInterval, PAGE_SIZE, Range,
};

/// How many pages there are.
const PAGES: usize = 64;

/// How many of them one invalidation takes at most.
const SPAN: usize = 8;

/// What is true: the version of each page's contents. An odd one is being changed.
type Truth = [AtomicU64; PAGES];

/// Numbers that differ from thread to thread (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed >> 33) % limit as u64).expect("it is below the limit")
    }
}

fn pages(first: usize, count: usize) -> Range {
    Range::with_len(first * PAGE_SIZE, count * PAGE_SIZE).unwrap()
}

fn numbers(range: &Range) -> std::ops::Range<usize> {
    range.start() / PAGE_SIZE..(range.end() / PAGE_SIZE).min(PAGES)
}

/// What went on, over all threads and drivers.
#[derive(Debug, Default)]
struct Tally {
    starts: AtomicU64,
    ends: AtomicU64,
    refusals: AtomicU64,
    invalidations: AtomicU64,
    retries: AtomicU64,
    mirrored: AtomicU64,
    checked: AtomicU64,
    came: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn of(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// A driver that mirrors all pages, and knows which of them are taken from it just now.
struct Mirror {
    shadow: Mutex<[Option<u64>; PAGES]>,
    taken: [AtomicI64; PAGES],
    gone: AtomicBool,
    tally: Arc<Tally>,
}

impl Mirror {
    fn new(tally: &Arc<Tally>) -> Arc<Self> {
        Arc::new(Self {
            shadow: Mutex::new([None; PAGES]),
            taken: [const { AtomicI64::new(0) }; PAGES],
            gone: AtomicBool::new(false),
            tally: Arc::clone(tally),
        })
    }

    fn start<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let shadow = self.shadow.acquire(cx);
        if shadow.is_err() {
            count(&self.tally.refusals);
        }
        let mut shadow = shadow?;
        assert!(!self.gone.load(Ordering::Acquire), "a start after the end of the subscription");
        for page in numbers(range) {
            shadow[page] = None;
            self.taken[page].fetch_add(1, Ordering::Relaxed);
        }
        count(&self.tally.starts);
        Ok(())
    }

    fn end(&self, range: &Range) {
        assert!(!self.gone.load(Ordering::Acquire), "an end after the end of the subscription");
        for page in numbers(range) {
            assert!(self.taken[page].fetch_sub(1, Ordering::Relaxed) > 0, "an end without a start");
        }
        count(&self.tally.ends);
    }

    /// Mirrors a page by the protocol.
    fn fault(
        &self,
        page: usize,
        subscription: &IntervalSubscription,
        truth: &Truth,
        cx: &mut Sleepable,
    ) {
        loop {
            let seq = subscription.read_begin(cx);
            let version = truth[page].load(Ordering::Relaxed);
            std::thread::yield_now();
            let mut shadow = self.shadow.lock(cx);
            if subscription.read_retry(seq) {
                count(&self.tally.retries);
                continue;
            }
            assert_eq!(version % 2, 0, "page {page} was read while it was changed");
            shadow[page] = Some(version);
            count(&self.tally.mirrored);
            return;
        }
    }

    /// Uses the mirror: with the lock held nothing in it can become stale.
    fn check(&self, truth: &Truth, cx: &mut Sleepable) {
        let shadow = self.shadow.lock(cx);
        for (page, version) in shadow.iter().enumerate() {
            if let Some(version) = *version {
                assert_eq!(version, truth[page].load(Ordering::Relaxed), "page {page} is stale");
                count(&self.tally.checked);
            }
        }
    }
}

impl InvalidateInterval for Mirror {
    fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.start(range, cx)
    }

    fn finish_interval(&self, range: &Range, _nb: &mut NonBlock) {
        self.end(range);
    }
}

impl Invalidate for Mirror {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.start(range, cx)
    }

    fn finish(&self, range: &Range, _nb: &mut NonBlock) {
        self.end(range);
    }
}

/// Changes pages until it is told to stop. A refused thread leaves the pages as they are.
fn invalidate(
    space: &AddressSpace,
    truth: &Truth,
    tally: &Tally,
    seed: u64,
    running: &AtomicBool,
    cx: &mut Sleepable,
) {
    let mut random = Random(seed);
    let change = |range: Range| {
        // Odd while it is under way. Another invalidation may be at the same page.
        for page in numbers(&range) {
            truth[page].fetch_add(1, Ordering::Relaxed);
        }
        std::thread::yield_now();
        for page in numbers(&range) {
            truth[page].fetch_add(1, Ordering::Relaxed);
        }
    };
    while running.load(Ordering::Relaxed) {
        let first = random.below(PAGES - SPAN);
        let range = pages(first, 1 + random.below(SPAN));
        let outer = match random.below(3) {
            0 => Some(space.invalidate(range, Event::Unmap, cx)),
            1 => space.try_invalidate(range, Event::Clear, cx).ok(),
            _ => cx.non_block(|nb| space.try_invalidate(range, Event::Migrate, nb).ok()),
        };
        if let Some(outer) = outer {
            change(range);
            // Another one within it, sometimes, that outlives it.
            let inner = (random.below(4) == 0)
                .then(|| pages(random.below(PAGES - SPAN), SPAN))
                .and_then(|range| space.try_invalidate(range, Event::Unmap, cx).ok());
            drop(outer);
            if let Some(inner) = inner {
                change(*inner.range());
            }
            count(&tally.invalidations);
        }
        if random.below(4) == 0 {
            thread::sleep(cx, Duration::from_micros(50));
        }
    }
}

/// Subscribes, mirrors for a while, and unsubscribes in one way or another.
fn come_and_go(
    space: &AddressSpace,
    truth: &Truth,
    tally: &Arc<Tally>,
    seed: u64,
    running: &AtomicBool,
    cx: &mut Sleepable,
) {
    let mut random = Random(seed);
    while running.load(Ordering::Relaxed) {
        let mirror = Mirror::new(tally);
        let first = random.below(PAGES / 2);
        let interval = pages(first, 1 + random.below(PAGES - first));
        let subscription = space.subscribe_interval(interval, mirror.clone(), cx).unwrap();
        for _ in 0..random.below(8) {
            let page = numbers(&interval).start + random.below(numbers(&interval).len());
            mirror.fault(page, &subscription, truth, cx);
            mirror.check(truth, cx);
        }
        // One that is on the list sees every range, and mirrors nothing.
        let listed = Mirror::new(tally);
        let list = space.subscribe(listed.clone(), cx).unwrap();
        match random.below(3) {
            0 => {
                list.unsubscribe(cx);
                subscription.unsubscribe(cx);
            }
            1 => {
                drop((list, subscription));
                space.synchronize(cx);
            }
            _ => {
                cx.non_block(|_nb| drop((subscription, list)));
                space.synchronize(cx);
            }
        }
        for mirror in [mirror, listed] {
            mirror.gone.store(true, Ordering::Release);
            assert!(mirror.taken.iter().all(|taken| taken.load(Ordering::Relaxed) == 0));
            assert_eq!(Arc::strong_count(&mirror), 1, "nothing is leaked");
        }
        count(&tally.came);
    }
}

/// Stops the others even if one thread fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[test]
fn no_stale_page_is_ever_read_and_every_start_has_its_end() {
    let seconds = std::env::var("NONBLOCK_SOAK_SECONDS").map_or(5, |seconds| {
        seconds.parse().expect("NONBLOCK_SOAK_SECONDS: expected a whole number of seconds")
    });
    let space = AddressSpace::new();
    let truth: Truth = [const { AtomicU64::new(0) }; PAGES];
    let tally = Arc::<Tally>::default();
    let running = AtomicBool::new(true);
    sleepable(|cx| {
        // Two that stay, each mirrored by a thread of its own.
        let mirrors = [(); 2].map(|()| Mirror::new(&tally));
        let subscriptions = [0, 1].map(|which| {
            space.subscribe_interval(pages(0, PAGES), mirrors[which].clone(), cx).unwrap()
        });
        thread::scope(cx, |scope, cx| {
            let (space, truth, tally, running) = (&space, &truth, &tally, &running);
            for seed in [1, 2] {
                scope.spawn(move |cx| {
                    let _stop = Stop(running);
                    invalidate(space, truth, tally, seed, running, cx);
                });
            }
            for which in [0, 1] {
                let (mirror, subscription) = (&mirrors[which], &subscriptions[which]);
                scope.spawn(move |cx| {
                    let _stop = Stop(running);
                    let mut random = Random(3 + which as u64);
                    while running.load(Ordering::Relaxed) {
                        mirror.fault(random.below(PAGES), subscription, truth, cx);
                        mirror.check(truth, cx);
                    }
                });
            }
            scope.spawn(move |cx| {
                let _stop = Stop(running);
                come_and_go(space, truth, tally, 5, running, cx);
            });
            for _ in 0..seconds * 20 {
                thread::sleep(cx, Duration::from_millis(50));
                if !running.load(Ordering::Relaxed) {
                    break;
                }
            }
            running.store(false, Ordering::Relaxed);
        });
        for subscription in subscriptions {
            subscription.unsubscribe(cx);
        }
        for mirror in &mirrors {
            assert_eq!(Arc::strong_count(mirror), 1, "nothing is leaked");
        }
    });
    println!("{tally:?}");
    assert_eq!(of(&tally.starts), of(&tally.ends));
    assert_eq!(space.subscriptions(), 0);
    assert_eq!(space.interval_subscriptions(&pages(0, PAGES)), 0);
    // It would show nothing if one of these had never happened.
    for counter in [
        &tally.starts,
        &tally.refusals,
        &tally.invalidations,
        &tally.retries,
        &tally.mirrored,
        &tally.checked,
        &tally.came,
    ] {
        assert!(of(counter) > 0, "{tally:?}");
    }
    assert_eq!(Arc::strong_count(&tally), 1);
}
