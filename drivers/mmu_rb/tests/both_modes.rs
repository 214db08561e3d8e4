//! The one callback, in both modes, with room in the queue and without.

mod pins;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use mmu_rb::{Busy, Counters, PinPages, PinnedPage, PktQueue, SdmaRequest, Sizes};
use nonblock::{Sleepable, WouldBlock, thread};
use nonblock_mm::mmu::{AddressSpace, Event, Range};

use pins::{Pins, range};

const ROOMY: Sizes = Sizes { nodes: 8, del_queue: 8 };

fn queue(pins: &Pins, space: &AddressSpace, sizes: Sizes, cx: &mut Sleepable) -> PktQueue<Pins> {
    PktQueue::alloc(pins.clone(), space, sizes, 4, cx).expect("a live space")
}

/// Sends from a buffer, and ends the request.
fn send(queue: &PktQueue<Pins>, first_page: usize, pages: usize, cx: &mut Sleepable) {
    drop(queue.submit(range(first_page, pages), cx).expect("nothing is in the way"));
}

/// Fills the queue: the worker waits for a request, and one more buffer waits behind it.
///
/// Uses pages 0 and 1.
fn fill<'a>(
    queue: &'a PktQueue<Pins>,
    space: &AddressSpace,
    cx: &mut Sleepable,
) -> SdmaRequest<'a> {
    let request = queue.submit(range(0, 1), cx).expect("nothing is in the way");
    drop(space.try_invalidate(range(0, 1), Event::Unmap, cx).expect("the queue has room"));
    while queue.cache().queued() > 0 {
        thread::yield_now(cx);
    }
    send(queue, 1, 1, cx);
    drop(space.try_invalidate(range(1, 1), Event::Unmap, cx).expect("the queue has room"));
    assert_eq!(queue.cache().queued(), 1);
    request
}

#[nonblock::test]
fn takes_what_meets_the_range_off_the_tree_and_unpins_it_later(cx: &mut Sleepable) {
    let (pins, space) = (Pins::new(), AddressSpace::new());
    let queue = queue(&pins, &space, ROOMY, cx);
    for first in [4, 8, 12] {
        send(&queue, first, 2, cx);
    }
    assert_eq!(queue.cache().cached(cx), [range(4, 2), range(8, 2), range(12, 2)]);
    drop(space.try_invalidate(range(9, 1), Event::Unmap, cx).expect("the queue has room"));
    assert_eq!(queue.cache().cached(cx), [range(4, 2), range(12, 2)], "a buffer goes as a whole");
    drop(space.invalidate(range(0, 8), Event::Unmap, cx));
    assert_eq!(queue.cache().cached(cx), [range(12, 2)]);
    assert!(space.try_invalidate(range(14, 2), Event::Unmap, cx).is_ok());
    let expected = Counters { invalidations: 3, finished: 3, deferred: 2, ..Counters::default() };
    assert_eq!(queue.cache().counters(cx), expected);
    queue.free(cx);
    assert_eq!(pins.pinned(), 0);
}

#[nonblock::test]
fn a_request_keeps_its_pages_pinned_and_a_later_one_pins_anew(cx: &mut Sleepable) {
    let (pins, space) = (Pins::new(), AddressSpace::new());
    let queue = queue(&pins, &space, ROOMY, cx);
    let before = queue.submit(range(4, 2), cx).expect("nothing is in the way");
    {
        let _invalidation =
            space.try_invalidate(range(4, 1), Event::Unmap, cx).expect("the queue has room");
        pins.0.truth[4].store(2, Ordering::Relaxed);
    }
    let after = queue.submit(range(4, 2), cx).expect("nothing is in the way");
    assert_eq!((before.pages(), after.pages()), (&[0, 0][..], &[2, 0][..]));
    assert_eq!(pins.pinned(), 4, "both are in use");
    let again = queue.submit(range(4, 2), cx).expect("nothing is in the way");
    assert_eq!(again.pages(), [2, 0]);
    assert_eq!(pins.pinned(), 4, "it was cached");
    // An interrupt signals the end.
    cx.non_block(|_nb| drop((before, after, again)));
    queue.free(cx);
    assert_eq!(pins.pinned(), 0);
}

#[nonblock::test]
fn refuses_in_a_section_when_the_queue_is_full_and_loses_nothing(cx: &mut Sleepable) {
    let (pins, space) = (Pins::new(), AddressSpace::new());
    let queue = queue(&pins, &space, Sizes { nodes: 8, del_queue: 1 }, cx);
    let request = fill(&queue, &space, cx);
    for first in [4, 8] {
        send(&queue, first, 2, cx);
    }
    let cached = [range(4, 2), range(8, 2)];
    assert_eq!(space.try_invalidate(range(0, 16), Event::Unmap, cx).err(), Some(WouldBlock));
    assert_eq!(queue.cache().cached(cx), cached, "what did not fit is in the tree still");
    // The range is not cached, so there is no reason to refuse.
    assert!(space.try_invalidate(range(16, 8), Event::Unmap, cx).is_ok());
    let counters = queue.cache().counters(cx);
    assert_eq!((counters.refusals, counters.invalidations, counters.finished), (1, 3, 3));

    // The refused invalidation is not under way, so another buffer is pinned without waiting.
    send(&queue, 12, 1, cx);
    // Pages 0 and 1, and the three cached buffers.
    assert_eq!(pins.pinned(), 7);
    drop(request);
    while !queue.cache().cached(cx).is_empty() {
        // Tries again. At each try there may be room for one buffer.
        let _ = space.try_invalidate(range(0, 16), Event::Unmap, cx);
        thread::yield_now(cx);
    }
    queue.free(cx);
    assert_eq!(pins.pinned(), 0);
}

#[nonblock::test]
fn waits_for_room_where_it_may(cx: &mut Sleepable) {
    let (pins, space) = (Pins::new(), AddressSpace::new());
    let queue = queue(&pins, &space, Sizes { nodes: 8, del_queue: 1 }, cx);
    thread::scope(cx, |scope, cx| {
        let request = fill(&queue, &space, cx);
        for first in [4, 8, 12] {
            send(&queue, first, 2, cx);
        }
        let (starts, started) = mpsc::channel();
        let space = &space;
        let invalidation = scope.spawn(move |cx| {
            starts.send(()).expect("the test listens");
            drop(space.invalidate(range(0, 16), Event::Unmap, cx));
        });
        started.recv().expect("the thread runs");
        assert!(!invalidation.is_finished(), "there is no room");
        drop(request);
        invalidation.join(cx).expect("then it ends");
    });
    assert_eq!(queue.cache().cached(cx), []);
    assert_eq!(queue.cache().counters(cx).deferred, 5);
    assert_eq!(queue.cache().queue_stats().pushed, 5);
    queue.free(cx);
    assert_eq!(pins.pinned(), 0);
}

/// Pins pages. Once, between the pinning and the caching, the pages are invalidated and changed.
struct Colliding {
    pins: Pins,
    space: Arc<AddressSpace>,
    collided: AtomicBool,
}

impl PinPages for Colliding {
    fn pin(&self, range: &Range, cx: &mut Sleepable) -> Vec<PinnedPage> {
        let pages = self.pins.pin(range, cx);
        if !self.collided.swap(true, Ordering::Relaxed) {
            let _invalidation = self.space.invalidate(*range, Event::Clear, cx);
            self.pins.0.truth[4].store(2, Ordering::Relaxed);
        }
        pages
    }

    fn unpin(&self, range: &Range, pages: Vec<PinnedPage>, cx: &mut Sleepable) {
        self.pins.unpin(range, pages, cx);
    }
}

#[nonblock::test]
fn a_buffer_that_an_invalidation_met_while_it_was_pinned_is_pinned_again(cx: &mut Sleepable) {
    let (pins, space) = (Pins::new(), Arc::new(AddressSpace::new()));
    let colliding = Colliding {
        pins: pins.clone(),
        space: Arc::clone(&space),
        collided: AtomicBool::new(false),
    };
    let queue = PktQueue::alloc(colliding, &space, ROOMY, 4, cx).expect("a live space");
    let request = queue.submit(range(4, 2), cx).expect("nothing is in the way");
    assert_eq!(request.pages(), [2, 0], "not what was stale");
    assert_eq!(pins.pinned(), 2, "what was pinned first was unpinned");
    drop(request);
    queue.free(cx);
    assert_eq!(pins.pinned(), 0);
}

#[nonblock::test]
fn makes_room_and_says_what_is_in_the_way(cx: &mut Sleepable) {
    let (pins, space) = (Pins::new(), AddressSpace::new());
    let queue = queue(&pins, &space, Sizes { nodes: 2, del_queue: 8 }, cx);
    send(&queue, 0, 2, cx);
    send(&queue, 4, 2, cx);
    send(&queue, 0, 2, cx);
    send(&queue, 8, 2, cx);
    assert_eq!(queue.cache().cached(cx), [range(0, 2), range(8, 2)], "the oldest went");
    send(&queue, 1, 4, cx);
    assert_eq!(queue.cache().cached(cx), [range(1, 4), range(8, 2)], "what overlaps went");
    let mut requests = vec![queue.submit(range(1, 4), cx), queue.submit(range(8, 2), cx)];
    let busy = queue.submit(range(12, 1), cx).unwrap_err();
    assert_eq!(busy, Busy::Cache);
    assert_eq!(busy.to_string(), "every cached buffer is in use: try again when some have ended");
    requests.extend([queue.submit(range(8, 2), cx), queue.submit(range(8, 2), cx)]);
    let busy = queue.submit(range(8, 2), cx).unwrap_err();
    assert_eq!(busy.to_string(), "4 requests are under way: try again when some have ended");
    drop(requests);
    send(&queue, 12, 1, cx);
    queue.free(cx);
    assert_eq!(pins.pinned(), 0);
}

#[nonblock::test]
fn lets_go_of_everything_on_release(cx: &mut Sleepable) {
    let (pins, space) = (Pins::new(), AddressSpace::new());
    let queue = queue(&pins, &space, ROOMY, cx);
    send(&queue, 4, 2, cx);
    space.release(cx);
    assert_eq!(queue.cache().cached(cx), []);
    queue.free(cx);
    assert_eq!(pins.pinned(), 0);
    let refused = PktQueue::alloc(pins, &space, ROOMY, 4, cx).map(|_| ()).unwrap_err();
    assert_eq!(refused.to_string(), "the process is gone: there is nothing to cache");
}
