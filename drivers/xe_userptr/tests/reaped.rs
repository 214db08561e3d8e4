//! A reaper and the driver, with real memory.

#![cfg(target_os = "linux")]
#![allow(clippy::similar_names, reason = "a reaper has reaped when its reaping is over")]

use std::sync::Arc;
use std::time::Duration;

use nonblock::Sleepable;
use nonblock_mm::memory::Mm;
use nonblock_mm::mmu::{PAGE_SIZE, Range};
use nonblock_mm::oom::{ReapEventKind, Reaper};
use xe_userptr::{TlbInval, UserptrVma};

const PAGES: usize = 4;

#[nonblock::test]
fn the_reaper_is_refused_and_comes_back_after_the_flush(cx: &mut Sleepable) {
    let victim = Arc::new(Mm::new());
    let range = victim.map(PAGES * PAGE_SIZE, cx).expect("memory");
    let gpu = Arc::<TlbInval>::default();
    let vma = UserptrVma::setup(victim.space(), range, Arc::clone(&gpu), cx).expect("a live space");
    for address in (range.start()..range.end()).step_by(PAGE_SIZE) {
        vma.page_fault(address, cx, |address, cx| {
            let page = Range::with_len(address, PAGE_SIZE).expect("a page");
            victim.touch(&page, cx).expect("it is mapped");
            address as u64
        });
    }
    let reaper = Reaper::builder().interval(Duration::ZERO).on_event(move |event| {
        // The device flushes between two tries.
        if let ReapEventKind::Waits { .. } = event.kind {
            gpu.done(gpu.submitted());
        }
    });
    let reaper = reaper.spawn().expect("a thread");
    let reaped = reaper.reap(Arc::clone(&victim)).wait(cx);
    assert!(reaped.is_complete());
    assert_eq!((reaped.attempts, reaped.refusals), (2, 1));
    assert_eq!(reaped.reclaimed(), Some(PAGES * PAGE_SIZE));
    assert_eq!(vma.mapped(cx), 0);
    let counters = vma.userptr().counters(cx);
    assert_eq!((counters.refusals, counters.invalidations, counters.finished), (1, 1, 1));
    reaper.shutdown(cx);
    vma.destroy(cx);
}
