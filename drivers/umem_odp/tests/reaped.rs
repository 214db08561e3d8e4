//! A reaper and the driver, with real memory.

#![cfg(target_os = "linux")]
#![allow(clippy::similar_names, reason = "a reaper has reaped when its reaping is over")]

use std::sync::{Arc, mpsc};
use std::time::Duration;

use nonblock::{Sleepable, thread};
use nonblock_mm::memory::Mm;
use nonblock_mm::mmu::PAGE_SIZE;
use nonblock_mm::oom::{ReapEventKind, Reaper};
use umem_odp::Mr;

const PAGES: usize = 4;

#[nonblock::test]
fn the_reaper_is_refused_and_comes_back_after_the_transfer(cx: &mut Sleepable) {
    let victim = Arc::new(Mm::new());
    let [plain, region] = [(); 2].map(|()| victim.map(PAGES * PAGE_SIZE, cx).expect("memory"));
    victim.touch(&plain, cx).expect("it is mapped");
    let mr = Mr::get(victim.space(), region, cx).expect("a live space");
    for address in (region.start()..region.end()).step_by(PAGE_SIZE) {
        // The page fault brings the page in.
        mr.page_fault(address, cx, |address, cx| {
            let page = nonblock_mm::mmu::Range::with_len(address, PAGE_SIZE).expect("a page");
            victim.touch(&page, cx).expect("it is mapped");
            address as u64
        });
    }
    assert_eq!(victim.resident(cx).expect("the kernel says"), 2 * PAGES * PAGE_SIZE);

    let (waits, reaper_waits) = mpsc::channel();
    let (ends, transfer_has_ended) = mpsc::channel();
    let reaper = Reaper::builder().interval(Duration::ZERO).on_event(move |event| {
        // The next try does not begin before the transfer has ended.
        if let ReapEventKind::Waits { .. } = event.kind {
            waits.send(()).expect("the test listens");
            transfer_has_ended.recv().expect("the transfer ends");
        }
    });
    let reaper = reaper.spawn().expect("a thread");
    let reaped = thread::scope(cx, |scope, cx| {
        let (begins, begun) = mpsc::channel();
        let mr = &mr;
        scope.spawn(move |cx| {
            mr.transfer(region.start(), cx, |_, _cx| {
                begins.send(()).expect("the test listens");
                reaper_waits.recv().expect("the first try is refused");
            })
            .expect("the page is mapped");
            ends.send(()).expect("the reaper listens");
        });
        begun.recv().expect("the transfer is under way");
        reaper.reap(Arc::clone(&victim)).wait(cx)
    });
    assert!(reaped.is_complete());
    assert_eq!((reaped.attempts, reaped.refusals), (2, 1));
    assert_eq!(reaped.taken, [plain, region]);
    assert_eq!(reaped.reclaimed(), Some(2 * PAGES * PAGE_SIZE));
    assert_eq!(mr.umem().read(cx).npages(), 0);
    let counters = mr.umem().counters(cx);
    assert_eq!((counters.refusals, counters.invalidations, counters.finished), (1, 1, 1));
    reaper.shutdown(cx);
}
