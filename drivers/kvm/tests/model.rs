//! The driver against a plain model of it, and against threads: no guest ever uses a stale page.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use kvm::{Kvm, Pfn, SPTES};
use nonblock::{Sleepable, sleepable, thread};
use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};
use proptest::prelude::*;

/// Two pages of sptes, of which the second is not full.
const PAGES: usize = SPTES + SPTES / 2;

fn range(first_page: usize, pages: usize) -> Range {
    Range::with_len(first_page * PAGE_SIZE, pages * PAGE_SIZE).expect("whole pages")
}

#[derive(Clone, Debug)]
enum Step {
    PageFault(usize),
    /// By one of the two processors.
    Access(usize, usize),
    Invalidate(usize, usize),
    TryInvalidate(usize, usize),
    ClearFlushYoung(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let page = || 0..PAGES;
    // Of the guest's memory, and of the addresses behind it.
    let span = || (0..PAGES + 4, 1_usize..40);
    let step = prop_oneof![
        4 => page().prop_map(Step::PageFault),
        4 => (0_usize..2, page()).prop_map(|(vcpu, gfn)| Step::Access(vcpu, gfn)),
        1 => span().prop_map(|(first, pages)| Step::Invalidate(first, pages)),
        1 => span().prop_map(|(first, pages)| Step::TryInvalidate(first, pages)),
        1 => span().prop_map(|(first, pages)| Step::ClearFlushYoung(first, pages)),
    ];
    proptest::collection::vec(step, 0..100)
}

fn agrees_with_the_model(steps: &[Step], cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let kvm = Arc::new(Kvm::new(range(0, PAGES), 2));
    let subscription = space.subscribe(kvm.clone(), cx).expect("a live space");
    // Where each page is, and whether it was used since that was last asked.
    let mut model: BTreeMap<usize, (Pfn, bool)> = BTreeMap::new();
    let mut next = 1;
    for step in steps {
        match *step {
            Step::PageFault(gfn) => {
                // The processors cache what they have used, so the page is invalidated first, as a host does.
                drop(space.invalidate(range(gfn, 1), Event::Clear, cx));
                kvm.page_fault(gfn, cx, |_hva, _cx| next);
                model.insert(gfn, (next, false));
                next += 1;
            }
            Step::Access(vcpu, gfn) => {
                let found = kvm.access(vcpu, gfn, cx, |pfn| pfn).ok();
                let entry = model.get_mut(&gfn);
                assert_eq!(found, entry.as_ref().map(|entry| entry.0), "page {gfn}");
                if let Some(entry) = entry {
                    entry.1 = true;
                }
            }
            Step::Invalidate(first, count) => {
                drop(space.invalidate(range(first, count), Event::Unmap, cx));
                model.retain(|gfn, _| !(first..first + count).contains(gfn));
            }
            Step::TryInvalidate(first, count) => {
                assert!(space.try_invalidate(range(first, count), Event::Unmap, cx).is_ok());
                model.retain(|gfn, _| !(first..first + count).contains(gfn));
            }
            Step::ClearFlushYoung(first, count) => {
                let mut young = false;
                for (_, entry) in model.range_mut(first..first + count) {
                    young |= std::mem::take(&mut entry.1);
                }
                assert_eq!(space.clear_flush_young(&range(first, count), cx), young);
            }
        }
        assert_eq!(kvm.mapped(cx), model.len());
        for gfn in 0..PAGES {
            let young = model.get(&gfn).is_some_and(|entry| entry.1);
            assert_eq!(space.test_young(gfn * PAGE_SIZE, cx), young, "page {gfn}");
        }
    }
    subscription.unsubscribe(cx);
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
fn no_guest_uses_a_stale_page(cx: &mut Sleepable) {
    const SHARE: usize = 500;
    const PAUSE: Duration = Duration::from_micros(50);
    let space = AddressSpace::new();
    let kvm = Arc::new(Kvm::new(range(0, PAGES), 2));
    let subscription = space.subscribe(kvm.clone(), cx).expect("a live space");
    // Odd while the page is being changed.
    let truth: Vec<_> = (0..PAGES).map(|_| AtomicU64::new(0)).collect();
    let shares = Shares::of(3);
    let rounds = thread::scope(cx, |scope, cx| {
        let (space, kvm, truth, shares) = (&space, &kvm, &truth, &shares);
        for vcpu in [0, 1] {
            scope.spawn(move |cx| {
                shares.work(SHARE, |round| {
                    let gfn = (vcpu + 5 * round) % PAGES;
                    let version = || truth[gfn].load(Ordering::Relaxed);
                    let accessed = kvm.access(vcpu, gfn, cx, |pfn| {
                        assert_eq!(pfn, version(), "page {gfn} is stale");
                    });
                    if accessed.is_err() {
                        kvm.page_fault(gfn, cx, |_hva, cx| {
                            let pfn = version();
                            // An invalidation may come in between.
                            thread::sleep(cx, PAUSE);
                            pfn
                        });
                    }
                });
            });
        }
        shares.work(SHARE, |round| {
            let first = round * 7 % PAGES;
            let count = (1 + round % (SPTES + 8)).min(PAGES - first);
            let invalidation = match round % 2 {
                0 => space.invalidate(range(first, count), Event::Unmap, cx),
                _ => space
                    .try_invalidate(range(first, count), Event::Unmap, cx)
                    .expect("it never refuses"),
            };
            let pages = truth.iter().skip(first).take(count);
            pages.clone().for_each(|version| _ = version.fetch_add(1, Ordering::Relaxed));
            thread::yield_now(cx);
            pages.for_each(|version| _ = version.fetch_add(1, Ordering::Relaxed));
            drop(invalidation);
            // Gives the other threads a turn.
            thread::sleep(cx, PAUSE);
        })
    });
    subscription.unsubscribe(cx);
    let counters = kvm.counters(cx);
    assert_eq!(counters.invalidations, rounds as u64, "{counters:?}");
    assert_eq!(counters.finished, rounds as u64, "{counters:?}");
    assert!(counters.pf_fixed - counters.zapped >= kvm.mapped(cx) as u64, "{counters:?}");
}
