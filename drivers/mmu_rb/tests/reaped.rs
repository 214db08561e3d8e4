//! A reaper and the driver, with real memory.

#![cfg(target_os = "linux")]
#![allow(clippy::similar_names, reason = "a reaper has reaped when its reaping is over")]

use std::sync::{Arc, mpsc};
use std::time::Duration;

use mmu_rb::{PinPages, PinnedPage, PktQueue, Sizes};
use nonblock::{Sleepable, thread};
use nonblock_mm::memory::Mm;
use nonblock_mm::mmu::{Event, PAGE_SIZE, Range};
use nonblock_mm::oom::{ReapEventKind, Reaper};

const PAGES: usize = 4;

/// Pins a process's pages. Here it only brings them in.
struct Pins(Arc<Mm>);

impl PinPages for Pins {
    fn pin(&self, range: &Range, cx: &mut Sleepable) -> Vec<PinnedPage> {
        self.0.touch(range, cx).expect("it is mapped");
        range.pages().map(|page| page as u64).collect()
    }

    fn unpin(&self, _range: &Range, _pages: Vec<PinnedPage>, _cx: &mut Sleepable) {}
}

#[nonblock::test]
fn the_reaper_is_refused_while_the_queue_is_full_and_comes_back(cx: &mut Sleepable) {
    let victim = Arc::new(Mm::new());
    let [plain, first, second, buffer] =
        [(); 4].map(|()| victim.map(PAGES * PAGE_SIZE, cx).expect("memory"));
    victim.touch(&plain, cx).expect("it is mapped");
    let sizes = Sizes { nodes: 8, del_queue: 1 };
    let queue = PktQueue::alloc(Pins(Arc::clone(&victim)), victim.space(), sizes, 4, cx)
        .expect("a live space");
    // The worker waits for a request, and another buffer waits in the queue.
    let request = queue.submit(first, cx).expect("nothing is in the way");
    drop(victim.space().try_invalidate(first, Event::Clear, cx).expect("the queue has room"));
    while queue.cache().queued() > 0 {
        thread::yield_now(cx);
    }
    for range in [second, buffer] {
        drop(queue.submit(range, cx).expect("nothing is in the way"));
    }
    drop(victim.space().try_invalidate(second, Event::Clear, cx).expect("the queue has room"));
    assert_eq!(victim.resident(cx).expect("the kernel says"), 4 * PAGES * PAGE_SIZE);

    let (waits, reaper_waits) = mpsc::channel();
    let (goes_on, reaper_goes_on) = mpsc::channel();
    let reaper = Reaper::builder().interval(Duration::ZERO).on_event(move |event| {
        // The next try does not begin before there is room again.
        if let ReapEventKind::Waits { .. } = event.kind {
            waits.send(()).expect("the test listens");
            reaper_goes_on.recv().expect("the test lets it go on");
        }
    });
    let reaper = reaper.spawn().expect("a thread");
    let reaping = reaper.reap(Arc::clone(&victim));
    reaper_waits.recv().expect("the first try is refused");
    assert_eq!(queue.cache().cached(cx), [buffer], "a refusal loses nothing");
    assert_eq!(victim.resident(cx).expect("the kernel says"), PAGES * PAGE_SIZE);
    drop(request);
    while queue.cache().queued() > 0 {
        thread::yield_now(cx);
    }
    goes_on.send(()).expect("the reaper listens");

    let reaped = reaping.wait(cx);
    assert!(reaped.is_complete());
    assert_eq!((reaped.attempts, reaped.refusals), (2, 1));
    assert_eq!(reaped.taken, [plain, first, second, buffer]);
    assert_eq!(reaped.reclaimed(), Some(4 * PAGES * PAGE_SIZE));
    assert_eq!(queue.cache().cached(cx), []);
    let counters = queue.cache().counters(cx);
    assert_eq!((counters.refusals, counters.deferred), (1, 3));
    assert_eq!(counters.invalidations, counters.finished);
    queue.free(cx);
    reaper.shutdown(cx);
}
