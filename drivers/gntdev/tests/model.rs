//! The driver against a plain model of it, and against threads: nothing is mapped in a range that was taken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use gntdev::{GntdevPriv, GrantRef, Hypervisor};
use nonblock::sync::Mutex;
use nonblock::{Sleepable, sleepable, thread};
use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};
use proptest::prelude::*;

/// How many pages there are, and how many pages each map has.
const PAGES: usize = 32;
const SPAN: usize = 4;

fn range(first_page: usize, pages: usize) -> Range {
    Range::with_len(first_page * PAGE_SIZE, pages * PAGE_SIZE).expect("whole pages")
}

#[derive(Clone, Debug)]
enum Step {
    /// Maps the slot's grants at the slot's place.
    Mmap(usize),
    Close(usize),
    Invalidate(usize, usize),
    TryInvalidate(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let slot = || 0..PAGES / SPAN;
    let span = || (0..PAGES - 8, 1_usize..8);
    let step = prop_oneof![
        slot().prop_map(Step::Mmap),
        slot().prop_map(Step::Close),
        span().prop_map(|(first, pages)| Step::Invalidate(first, pages)),
        span().prop_map(|(first, pages)| Step::TryInvalidate(first, pages)),
    ];
    proptest::collection::vec(step, 0..40)
}

fn agrees_with_the_model(steps: &[Step], cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let hypervisor = Arc::new(Hypervisor::start().expect("a thread"));
    let gntdev = Arc::new(GntdevPriv::open(Arc::clone(&hypervisor)));
    let _subscription = space.subscribe(gntdev.clone(), cx).expect("a live space");
    let indices: Vec<_> = (0..PAGES / SPAN)
        .map(|slot| {
            let first = GrantRef::try_from(slot * SPAN).expect("a few pages");
            gntdev.map_grant_ref(&[first, first + 1, first + 2, first + 3], cx)
        })
        .collect();
    // The model: which grant is at which page, and which slots are mapped.
    let mut pages: BTreeMap<usize, GrantRef> = BTreeMap::new();
    let mut open = [false; PAGES / SPAN];
    for step in steps {
        match *step {
            Step::Mmap(slot) => {
                let mapped = gntdev.mmap(indices[slot], range(slot * SPAN, SPAN), cx);
                assert_eq!(mapped.is_ok(), !open[slot]);
                if mapped.is_ok() {
                    let numbers = slot * SPAN..(slot + 1) * SPAN;
                    pages.extend(numbers.map(|page| (page, GrantRef::try_from(page).unwrap())));
                }
                open[slot] = true;
            }
            Step::Close(slot) => {
                gntdev.vma_close(indices[slot], cx).expect("the map is there");
                pages.retain(|page, _| page / SPAN != slot);
                open[slot] = false;
            }
            Step::Invalidate(first, count) => {
                drop(space.invalidate(range(first, count), Event::Unmap, cx));
                pages.retain(|page, _| !(first..first + count).contains(page));
            }
            Step::TryInvalidate(first, count) => {
                let taken = space.try_invalidate(range(first, count), Event::Unmap, cx).is_ok();
                assert_eq!(taken, pages.range(first..first + count).next().is_none());
            }
        }
        for page in 0..PAGES {
            let found = gntdev.page(page * PAGE_SIZE, cx).map(|page| page.reference());
            assert_eq!(found, pages.get(&page).copied(), "page {page}");
        }
        assert_eq!(hypervisor.mapped(&range(0, PAGES), cx), pages.len());
    }
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
fn nothing_is_mapped_in_a_range_that_was_taken(cx: &mut Sleepable) {
    const SHARE: usize = 200;
    let space = AddressSpace::new();
    let hypervisor = Arc::new(Hypervisor::start().expect("a thread"));
    let gntdev = Arc::new(GntdevPriv::open(Arc::clone(&hypervisor)));
    let subscription = space.subscribe(gntdev.clone(), cx).expect("a live space");
    // Held to map; a reaper only tries it.
    let memory_lock = Mutex::new(());
    let shares = Shares::of(3);
    let (rounds, taken) = thread::scope(cx, |scope, cx| {
        let (space, hypervisor, gntdev) = (&space, &hypervisor, &gntdev);
        let (memory_lock, shares) = (&memory_lock, &shares);
        let reaper = scope.spawn(move |cx| {
            let mut taken = 0;
            shares.work(SHARE, |_round| {
                if let Some(_lock) = memory_lock.try_lock()
                    && let Ok(_invalidation) =
                        space.try_invalidate(range(0, PAGES), Event::Unmap, cx)
                {
                    assert_eq!(hypervisor.mapped(&range(0, PAGES), cx), 0);
                    taken += 1;
                }
                thread::yield_now(cx);
            });
            taken
        });
        scope.spawn(move |cx| {
            shares.work(SHARE, |_round| {
                if let Some(page) = gntdev.page(0, cx)
                    && let Some(_transfer) = page.get(cx)
                {
                    assert_eq!(hypervisor.mapped(&range(0, 1), cx), 1, "it is in use");
                }
            });
        });
        let index = gntdev.map_grant_ref(&[1, 2, 3, 4], cx);
        let rounds = shares.work(SHARE, |round| {
            {
                let _lock = memory_lock.lock(cx);
                gntdev.mmap(index, range(0, SPAN), cx).expect("it is closed");
            }
            {
                let _lock = memory_lock.lock(cx);
                let some = range(round % SPAN, 1);
                let _invalidation = space.invalidate(some, Event::Unmap, cx);
                assert_eq!(hypervisor.mapped(&some, cx), 0);
                assert_eq!(hypervisor.mapped(&range(0, SPAN), cx), SPAN - 1);
            }
            let _lock = memory_lock.lock(cx);
            gntdev.vma_close(index, cx).expect("the map is there");
        });
        (rounds, reaper.join(cx).expect("nothing failed"))
    });
    subscription.unsubscribe(cx);
    let counters = gntdev.counters(cx);
    assert_eq!(counters.invalidations, rounds as u64 + taken, "each start is counted once");
}
