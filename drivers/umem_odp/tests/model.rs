//! The driver against a plain model of it, and against threads: no transfer ever uses a stale page.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use nonblock::{Sleepable, sleepable, thread};
use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};
use proptest::prelude::*;
use umem_odp::{DmaAddr, Mr};

const PAGES: usize = 16;

fn range(first_page: usize, pages: usize) -> Range {
    Range::with_len(first_page * PAGE_SIZE, pages * PAGE_SIZE).expect("whole pages")
}

#[derive(Clone, Debug)]
enum Step {
    PageFault(usize),
    Invalidate(usize, usize),
    /// A try while a transfer of a page is under way, if the page is mapped.
    TryInvalidate(usize, usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let page = || 0..PAGES;
    // Of the region, and of the addresses behind it.
    let span = || (0..PAGES + 4, 1_usize..8);
    let step = prop_oneof![
        2 => page().prop_map(Step::PageFault),
        1 => span().prop_map(|(first, pages)| Step::Invalidate(first, pages)),
        1 => (page(), span()).prop_map(|(at, (first, pages))| Step::TryInvalidate(at, first, pages)),
    ];
    proptest::collection::vec(step, 0..60)
}

fn agrees_with_the_model(steps: &[Step], cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let mr = Mr::get(&space, range(0, PAGES), cx).expect("a live space");
    let mut model: BTreeMap<usize, DmaAddr> = BTreeMap::new();
    let mut next = 1;
    for step in steps {
        match *step {
            Step::PageFault(page) => {
                mr.page_fault(page * PAGE_SIZE, cx, |_, _cx| next);
                model.insert(page, next);
                next += 1;
            }
            Step::Invalidate(first, count) => {
                drop(space.invalidate(range(first, count), Event::Unmap, cx));
                model.retain(|page, _| !(first..first + count).contains(page));
            }
            Step::TryInvalidate(at, first, count) => {
                let range = range(first, count);
                let free = mr.transfer(at * PAGE_SIZE, cx, |_, cx| {
                    space.try_invalidate(range, Event::Unmap, cx).is_ok()
                });
                let expected = model.range(first..first + count).next().is_none();
                if let Ok(free) = free {
                    assert_eq!(free, expected);
                } else {
                    assert!(space.try_invalidate(range, Event::Unmap, cx).is_ok());
                    model.retain(|page, _| !(first..first + count).contains(page));
                }
            }
        }
        for page in 0..PAGES {
            let found = mr.transfer(page * PAGE_SIZE, cx, |dma_addr, _cx| dma_addr).ok();
            assert_eq!(found, model.get(&page).copied(), "page {page}");
        }
        assert_eq!(mr.umem().read(cx).npages(), model.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
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
fn no_transfer_uses_a_stale_page(cx: &mut Sleepable) {
    const SHARE: usize = 500;
    const PAUSE: Duration = Duration::from_micros(50);
    let space = AddressSpace::new();
    let mr = Mr::get(&space, range(0, PAGES), cx).expect("a live space");
    // Odd while the page is being changed.
    let truth = [const { AtomicU64::new(0) }; PAGES];
    let shares = Shares::of(3);
    let rounds = thread::scope(cx, |scope, cx| {
        let (space, mr, truth, shares) = (&space, &mr, &truth, &shares);
        for device in [0, 1] {
            scope.spawn(move |cx| {
                shares.work(SHARE, |round| {
                    let page = (device + 5 * round) % PAGES;
                    let version = || truth[page].load(Ordering::Relaxed);
                    let done = mr.transfer(page * PAGE_SIZE, cx, |found, cx| {
                        thread::yield_now(cx);
                        assert_eq!(found, version(), "page {page} is stale");
                    });
                    if done.is_err() {
                        mr.page_fault(page * PAGE_SIZE, cx, |_address, cx| {
                            let found = version();
                            // An invalidation may come in between.
                            thread::sleep(cx, PAUSE);
                            found
                        });
                    }
                });
            });
        }
        shares.work(SHARE, |round| {
            let (first, count) = (round * 7 % PAGES, 1 + round % 3);
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
    let counters = mr.umem().counters(cx);
    assert_eq!(counters.invalidations, counters.finished, "{counters:?}");
    assert_eq!(counters.invalidations + counters.refusals, rounds as u64, "{counters:?}");
    let npages = mr.umem().read(cx).npages() as u64;
    assert_eq!(counters.pages_mapped - counters.pages_unmapped, npages, "{counters:?}");
}
