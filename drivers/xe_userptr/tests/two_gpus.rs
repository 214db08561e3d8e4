//! Two GPUs that mirror the same memory: each is told before the other is waited for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nonblock::{Context, Sleepable, thread};
use nonblock_mm::mmu::{AddressSpace, Event, InvalidateInterval, PAGE_SIZE, Range};
use xe_userptr::{TlbInval, Userptr, UserptrVma};

/// When the devices answer all the same, so that a fault is reported and not waited for.
const PATIENCE: Duration = Duration::from_secs(20);

fn range() -> Range {
    Range::with_len(0x10_0000, 4 * PAGE_SIZE).expect("whole pages")
}

/// Two devices that answer when both have been asked. Returns whether they were, before either was waited for in vain.
fn answer_when_both_are_asked(gpus: &[Arc<TlbInval>; 2], cx: &mut Sleepable) -> bool {
    let all_asked = || gpus.iter().all(|gpu| !gpu.is_done(gpu.submitted()));
    let begun = Instant::now();
    while !all_asked() && begun.elapsed() < PATIENCE {
        thread::sleep(cx, Duration::from_micros(100));
    }
    let all_asked = all_asked();
    // One after the other, for as long as somebody waits.
    while begun.elapsed() < 2 * PATIENCE && gpus.iter().any(|gpu| !gpu.is_done(gpu.submitted())) {
        for gpu in gpus {
            gpu.done(gpu.submitted());
        }
    }
    all_asked
}

fn setup(space: &AddressSpace, gpus: &[Arc<TlbInval>; 2], cx: &mut Sleepable) -> [UserptrVma; 2] {
    gpus.each_ref().map(|gpu| {
        let vma = UserptrVma::setup(space, range(), Arc::clone(gpu), cx).expect("a live space");
        vma.page_fault(range().start(), cx, |address, _cx| address as u64);
        assert_eq!(vma.entry(range().start(), cx), Some(0x10_0000));
        vma
    })
}

#[nonblock::test]
fn both_flush_at_the_same_time(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let gpus = [(); 2].map(|()| Arc::<TlbInval>::default());
    let vmas = setup(&space, &gpus, cx);
    thread::scope(cx, |scope, cx| {
        let devices = scope.spawn(|cx| answer_when_both_are_asked(&gpus, cx));
        drop(space.invalidate(range(), Event::Unmap, cx));
        assert!(
            devices.join(cx).expect("they answer"),
            "one was waited for before the other was asked"
        );
    });
    for vma in &vmas {
        assert_eq!(vma.mapped(cx), 0);
        let counters = vma.userptr().counters(cx);
        assert_eq!((counters.invalidations, counters.second_passes, counters.finished), (1, 1, 1));
    }
    for vma in vmas {
        vma.destroy(cx);
    }
}

/// The same driver in one pass, to see that the devices tell the difference.
struct OnePass(Arc<Userptr>);

impl InvalidateInterval for OnePass {
    fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let seqno = self.0.zap(range, cx);
        self.0.tlb_inval().wait(seqno, cx.or_refuse()?);
        Ok(())
    }
}

#[nonblock::test]
fn in_one_pass_the_second_is_asked_when_the_first_has_flushed(cx: &mut Sleepable) {
    let (space, elsewhere) = (AddressSpace::new(), AddressSpace::new());
    let gpus = [(); 2].map(|()| Arc::<TlbInval>::default());
    let vmas = setup(&elsewhere, &gpus, cx);
    let _subscriptions = vmas.each_ref().map(|vma| {
        let one_pass = Arc::new(OnePass(Arc::clone(vma.userptr())));
        space.subscribe_interval(range(), one_pass, cx).expect("a live space")
    });
    thread::scope(cx, |scope, cx| {
        let (space, gpus) = (&space, &gpus);
        let invalidation = scope.spawn(|cx| drop(space.invalidate(range(), Event::Unmap, cx)));
        for (gpu, other) in [(&gpus[0], &gpus[1]), (&gpus[1], &gpus[0])] {
            while gpu.is_done(gpu.submitted()) {
                thread::yield_now(cx);
            }
            assert!(other.is_done(other.submitted()), "they were asked at the same time");
            gpu.done(gpu.submitted());
        }
        invalidation.join(cx).expect("both have flushed");
    });
    for vma in vmas {
        vma.destroy(cx);
    }
}
