//! A reaper and the driver, with real memory.

#![cfg(target_os = "linux")]
#![allow(clippy::similar_names, reason = "a reaper has reaped when its reaping is over")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use kvm::{Kvm, SPTES};
use nonblock::{Context, Sleepable};
use nonblock_mm::memory::Mm;
use nonblock_mm::mmu::{Invalidate, PAGE_SIZE, Range};
use nonblock_mm::oom::{ReapEventKind, Reaper};

/// Two pages of sptes.
const PAGES: usize = 2 * SPTES;

/// Another driver, which refuses a section until it is told to yield.
struct Beside {
    range: Range,
    yields: AtomicBool,
}

impl Invalidate for Beside {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        if range.overlaps(&self.range) && !self.yields.load(Ordering::Acquire) {
            cx.or_refuse()?;
        }
        Ok(())
    }
}

/// The guest's driver never refuses. If another driver does, the guest's driver was called in vain.
#[nonblock::test]
fn a_guest_whose_memory_is_refused_by_another_driver_runs_on_till_the_reaper_is_back(
    cx: &mut Sleepable,
) {
    let victim = Arc::new(Mm::new());
    let [plain, memslot] = [(); 2].map(|()| victim.map(PAGES * PAGE_SIZE, cx).expect("memory"));
    victim.touch(&plain, cx).expect("it is mapped");
    let kvm = Arc::new(Kvm::new(memslot, 1));
    let beside = Arc::new(Beside { range: memslot, yields: AtomicBool::new(false) });
    let _guest = victim.space().subscribe(kvm.clone(), cx).expect("a live space");
    let _other = victim.space().subscribe(beside.clone(), cx).expect("a live space");
    let fault = |gfn: usize, cx: &mut Sleepable| {
        kvm.page_fault(gfn, cx, |hva, cx| {
            let page = Range::with_len(hva, PAGE_SIZE).expect("a page");
            victim.touch(&page, cx).expect("it is mapped");
            hva as u64
        });
    };
    (0..PAGES).for_each(|gfn| fault(gfn, cx));
    assert_eq!(victim.resident(cx).expect("the kernel says"), 2 * PAGES * PAGE_SIZE);

    let (waits, reaper_waits) = mpsc::channel();
    let (goes_on, reaper_goes_on) = mpsc::channel();
    let reaper = Reaper::builder().interval(Duration::ZERO).on_event(move |event| {
        if let ReapEventKind::Waits { .. } = event.kind {
            waits.send(()).expect("the test listens");
            reaper_goes_on.recv().expect("the test lets it go on");
        }
    });
    let reaper = reaper.spawn().expect("a thread");
    let reaping = reaper.reap(Arc::clone(&victim));
    reaper_waits.recv().expect("the first try is refused");
    // Its sptes were taken, but the pages were not. It faults them in again.
    let counters = kvm.counters(cx);
    assert_eq!((counters.invalidations, counters.finished), (1, 1));
    assert_eq!(kvm.mapped(cx), 0);
    assert_eq!(victim.resident(cx).expect("the kernel says"), PAGES * PAGE_SIZE);
    fault(5, cx);
    assert!(kvm.access(0, 5, cx, |_| ()).is_ok());

    beside.yields.store(true, Ordering::Release);
    goes_on.send(()).expect("the reaper listens");
    let reaped = reaping.wait(cx);
    assert!(reaped.is_complete());
    assert_eq!((reaped.attempts, reaped.refusals), (2, 1));
    assert_eq!(reaped.taken, [plain, memslot]);
    assert_eq!(reaped.reclaimed(), Some(2 * PAGES * PAGE_SIZE));
    assert_eq!(kvm.mapped(cx), 0);
    assert!(kvm.access(0, 5, cx, |_| ()).is_err());
    let counters = kvm.counters(cx);
    assert_eq!((counters.invalidations, counters.finished), (2, 2));
    reaper.shutdown(cx);
}
