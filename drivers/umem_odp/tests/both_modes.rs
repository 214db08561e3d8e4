//! The one callback, in both modes, and the retry of page faults.

use std::sync::mpsc;

use nonblock::{Sleepable, WouldBlock, thread};
use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};
use umem_odp::{Counters, DmaAddr, Mr, PageFault};

fn range(first_page: usize, pages: usize) -> Range {
    Range::with_len(first_page * PAGE_SIZE, pages * PAGE_SIZE).expect("whole pages")
}

/// The device's address of a page in these tests.
fn dma_addr(address: usize) -> DmaAddr {
    0xd_0000_0000 + address as DmaAddr
}

/// A region whose pages are all mapped.
fn mapped(space: &AddressSpace, range: Range, cx: &mut Sleepable) -> Mr {
    let mr = Mr::get(space, range, cx).expect("a live space");
    for address in (range.start()..range.end()).step_by(PAGE_SIZE) {
        mr.page_fault(address, cx, |address, _cx| dma_addr(address));
    }
    mr
}

fn npages(mr: &Mr, cx: &mut Sleepable) -> usize {
    mr.umem().read(cx).npages()
}

#[nonblock::test]
fn takes_its_pages_from_the_device_and_no_others(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let mr = mapped(&space, range(16, 8), cx);
    assert_eq!(mr.transfer(17 * PAGE_SIZE + 5, cx, |addr, _cx| addr), Ok(dma_addr(17 * PAGE_SIZE)));

    drop(space.invalidate(range(0, 18), Event::Unmap, cx));
    assert_eq!(npages(&mr, cx), 6);
    drop(space.try_invalidate(range(23, 8), Event::Unmap, cx).expect("nothing is under way"));
    assert_eq!(npages(&mr, cx), 5);
    assert!(space.try_invalidate(range(24, 8), Event::Unmap, cx).is_ok());
    let address = 17 * PAGE_SIZE;
    let fault = mr.transfer(address, cx, |_, _| ()).unwrap_err();
    assert_eq!(fault, PageFault { address });
    assert_eq!(
        fault.to_string(),
        "the device does not reach the page at 0x11000: it has to be faulted in"
    );
    assert_eq!(mr.transfer(18 * PAGE_SIZE, cx, |addr, _cx| addr), Ok(dma_addr(18 * PAGE_SIZE)));
    let expected = Counters {
        invalidations: 2,
        finished: 2,
        pages_unmapped: 3,
        pages_mapped: 8,
        ..Counters::default()
    };
    assert_eq!(mr.umem().counters(cx), expected, "what does not meet the region is not told");
    mr.release(cx);
}

#[nonblock::test]
fn refuses_in_a_section_while_a_transfer_is_under_way(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let mr = mapped(&space, range(16, 8), cx);
    drop(space.invalidate(range(20, 4), Event::Unmap, cx));
    mr.transfer(16 * PAGE_SIZE, cx, |_, cx| {
        let refused = space.try_invalidate(range(16, 1), Event::Unmap, cx);
        assert_eq!(refused.err(), Some(WouldBlock));
        // Nothing is mapped in the range, so a transfer elsewhere is no reason to refuse.
        assert!(space.try_invalidate(range(20, 4), Event::Unmap, cx).is_ok());
    })
    .expect("the page is mapped");
    assert_eq!(npages(&mr, cx), 4, "a refusal takes nothing");
    assert!(space.try_invalidate(range(16, 8), Event::Unmap, cx).is_ok(), "came back for it");
    assert_eq!(npages(&mr, cx), 0);
    let counters = mr.umem().counters(cx);
    assert_eq!((counters.refusals, counters.invalidations, counters.finished), (1, 3, 3));
    // No invalidation is under way, also not the refused one. So a page fault does not wait.
    mr.page_fault(16 * PAGE_SIZE, cx, |_address, _cx| 7);
}

#[nonblock::test]
fn waits_for_a_transfer_where_it_may(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let mr = mapped(&space, range(16, 8), cx);
    let (begins, begun) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    thread::scope(cx, |scope, cx| {
        let (mr, space) = (&mr, &space);
        let transfer = scope.spawn(move |cx| {
            mr.transfer(16 * PAGE_SIZE, cx, |_, _cx| {
                begins.send(()).expect("the test listens");
                // Held until the test drops its end of the channel.
                let _ = released.recv();
            })
        });
        begun.recv().expect("the transfer is under way");
        let invalidation = scope.spawn(move |cx| {
            drop(space.invalidate(range(16, 8), Event::Unmap, cx));
        });
        assert!(!invalidation.is_finished());
        drop(release);
        transfer.join(cx).expect("the transfer ends").expect("the page was mapped");
        invalidation.join(cx).expect("then the invalidation does");
    });
    assert_eq!(npages(&mr, cx), 0);
}

#[nonblock::test]
fn a_page_fault_that_an_invalidation_meets_looks_up_again(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let mr = Mr::get(&space, range(16, 8), cx).expect("a live space");
    let mut lookups = 0;
    mr.page_fault(16 * PAGE_SIZE, cx, |_address, cx| {
        lookups += 1;
        if lookups == 1 {
            // After the page was looked up, and before it is mapped. Any page of the region causes a retry.
            drop(space.invalidate(range(20, 1), Event::Unmap, cx));
        }
        lookups
    });
    assert_eq!(lookups, 2);
    assert_eq!(mr.transfer(16 * PAGE_SIZE, cx, |addr, _cx| addr), Ok(2), "not what was stale");
    let counters = mr.umem().counters(cx);
    assert_eq!((counters.retries, counters.pages_mapped), (1, 1));

    // A range outside the region is no collision.
    mr.page_fault(17 * PAGE_SIZE, cx, |_address, cx| {
        drop(space.invalidate(range(64, 1), Event::Unmap, cx));
        3
    });
    assert_eq!(mr.umem().counters(cx).retries, 1);
}

#[nonblock::test]
fn the_end_callback_wakes_who_waits(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let mr = Mr::get(&space, range(16, 8), cx).expect("a live space");
    thread::scope(cx, |scope, cx| {
        let outer = space.invalidate(range(16, 8), Event::Unmap, cx);
        let inner = space.invalidate(range(16, 1), Event::Unmap, cx);
        let mr = &mr;
        let fault = scope.spawn(move |cx| mr.page_fault(20 * PAGE_SIZE, cx, |_, _cx| 7));
        drop(inner);
        assert!(!fault.is_finished(), "the other one is under way");
        drop(outer);
        fault.join(cx).expect("then it goes on");
    });
    assert_eq!(mr.transfer(20 * PAGE_SIZE, cx, |addr, _cx| addr), Ok(7));
}

#[nonblock::test]
fn lets_go_of_everything_when_the_process_or_the_region_goes(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let released = mapped(&space, range(16, 8), cx);
    let umem = released.umem().clone();
    released.release(cx);
    assert_eq!(umem.read(cx).npages(), 0);
    assert_eq!(space.interval_subscriptions(&range(0, 64)), 0);

    let mr = mapped(&space, range(16, 8), cx);
    space.release(cx);
    assert_eq!(npages(&mr, cx), 0);
    let counters = mr.umem().counters(cx);
    assert_eq!(counters.invalidations, counters.finished);
    assert!(Mr::get(&space, range(0, 1), cx).is_err());
}

#[nonblock::test]
#[should_panic(expected = "address 0x18000: expected one in the region, 0x10000..0x18000")]
fn says_which_address_is_outside(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let mr = Mr::get(&space, range(16, 8), cx).expect("a live space");
    let _ = mr.transfer(24 * PAGE_SIZE, cx, |_, _| ());
}
