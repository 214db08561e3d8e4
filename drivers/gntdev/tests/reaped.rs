//! A reaper and the driver, with real memory.

#![cfg(target_os = "linux")]
#![allow(clippy::similar_names, reason = "a reaper has reaped when its reaping is over")]

use std::sync::{Arc, mpsc};
use std::time::Duration;

use gntdev::{Counters, GntdevPriv, Hypervisor};
use nonblock::Sleepable;
use nonblock_mm::memory::Mm;
use nonblock_mm::mmu::PAGE_SIZE;
use nonblock_mm::oom::{ReapEventKind, Reaper};

const PAGES: usize = 4;

#[nonblock::test]
fn the_reaper_is_refused_and_comes_back_when_the_map_is_closed(cx: &mut Sleepable) {
    let victim = Arc::new(Mm::new());
    let hypervisor = Arc::new(Hypervisor::start().expect("a thread"));
    let gntdev = Arc::new(GntdevPriv::open(Arc::clone(&hypervisor)));
    let _subscription = victim.space().subscribe(gntdev.clone(), cx).expect("a live space");
    let [plain, granted] = [(); 2].map(|()| victim.map(PAGES * PAGE_SIZE, cx).expect("memory"));
    for range in [&plain, &granted] {
        victim.touch(range, cx).expect("it is mapped");
    }
    let index = gntdev.map_grant_ref(&[1, 2, 3, 4], cx);
    gntdev.mmap(index, granted, cx).expect("the range fits the map");

    let (waits, reaper_waits) = mpsc::channel();
    let (closes, map_is_closed) = mpsc::channel();
    let reaper = Reaper::builder().interval(Duration::ZERO).on_event(move |event| {
        // The next try does not begin before the map is closed.
        if let ReapEventKind::Waits { .. } = event.kind {
            waits.send(()).expect("the test listens");
            map_is_closed.recv().expect("the test closes the map");
        }
    });
    let reaper = reaper.spawn().expect("a thread");
    let reaping = reaper.reap(Arc::clone(&victim));
    reaper_waits.recv().expect("the first try is refused");
    assert_eq!(hypervisor.mapped(&granted, cx), PAGES, "a refusal takes nothing");
    assert_eq!(victim.resident(cx).expect("the kernel says"), PAGES * PAGE_SIZE);
    gntdev.vma_close(index, cx).expect("the map is there");
    closes.send(()).expect("the reaper listens");

    let reaped = reaping.wait(cx);
    assert!(reaped.is_complete());
    assert_eq!((reaped.attempts, reaped.refusals), (2, 1));
    assert_eq!(reaped.taken, [plain, granted]);
    assert_eq!(reaped.reclaimed(), Some(2 * PAGES * PAGE_SIZE));
    assert_eq!(gntdev.counters(cx), Counters { invalidations: 2, refusals: 1 });
    reaper.shutdown(cx);
}
