//! The one callback, in both modes.

use std::sync::Arc;
use std::sync::mpsc;

use nonblock::{Sleepable, WouldBlock, thread};
use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};
use userptr::{Counters, Userptr};

fn range(first_page: usize, pages: usize) -> Range {
    Range::with_len(first_page * PAGE_SIZE, pages * PAGE_SIZE).expect("whole pages")
}

#[nonblock::test]
fn takes_its_pages_from_the_device_and_no_others(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let gpu = Arc::new(Userptr::new("gpu0"));
    let subscription = space.subscribe(gpu.clone(), cx).expect("a live space");
    assert_eq!(gpu.map(range(16, 8), cx), 8);
    assert_eq!(gpu.map(range(20, 8), cx), 4, "four of them are mapped already");

    drop(space.invalidate(range(0, 18), Event::Unmap, cx));
    assert_eq!(gpu.mapped(cx), 10);
    drop(space.try_invalidate(range(18, 2), Event::Unmap, cx).expect("the table is free"));
    assert_eq!(gpu.mapped(cx), 8);
    gpu.job(cx, |table, _cx| {
        assert_eq!(table.slot(19 * PAGE_SIZE), None);
        assert!(table.slot(20 * PAGE_SIZE).is_some());
    });
    subscription.unsubscribe(cx);
    let expected = Counters { invalidations: 2, refusals: 0, finished: 2, pages_unmapped: 4 };
    assert_eq!(gpu.counters(cx), expected);
}

#[nonblock::test]
fn refuses_in_a_section_while_a_job_holds_the_table(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let gpu = Arc::new(Userptr::new("gpu0"));
    let _subscription = space.subscribe(gpu.clone(), cx).expect("a live space");
    gpu.map(range(16, 8), cx);

    gpu.job(cx, |_table, cx| {
        assert_eq!(space.try_invalidate(range(16, 8), Event::Unmap, cx).err(), Some(WouldBlock));
        // The device does not mirror the range, so there is no reason to refuse.
        assert!(space.try_invalidate(range(64, 8), Event::Unmap, cx).is_ok());
    });
    assert_eq!(gpu.counters(cx).refusals, 1);
    assert_eq!(gpu.mapped(cx), 8, "a refusal takes nothing");
    assert!(space.try_invalidate(range(16, 8), Event::Unmap, cx).is_ok());
    assert_eq!(gpu.mapped(cx), 0);
}

#[nonblock::test]
fn waits_for_the_table_where_it_may(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let gpu = Arc::new(Userptr::new("gpu0"));
    let _subscription = space.subscribe(gpu.clone(), cx).expect("a live space");
    gpu.map(range(16, 8), cx);

    let (holds, held) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    thread::scope(cx, |scope, cx| {
        let gpu = &gpu;
        let job = scope.spawn(move |cx| {
            gpu.job(cx, |table, _cx| {
                holds.send(()).expect("the test listens");
                // Held until the test drops its end of the channel.
                let _ = released.recv();
                table.len()
            })
        });
        held.recv().expect("the job has the table");
        let space = &space;
        let invalidation = scope.spawn(move |cx| {
            drop(space.invalidate(range(16, 8), Event::Unmap, cx));
        });
        assert!(!invalidation.is_finished());
        drop(release);
        assert_eq!(job.join(cx).expect("the job ends"), 8, "nothing was taken under the job");
        invalidation.join(cx).expect("then the invalidation does");
    });
    assert_eq!(gpu.mapped(cx), 0);
}

#[nonblock::test]
fn lets_go_of_everything_on_release(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let gpu = Arc::new(Userptr::new("gpu0"));
    let _subscription = space.subscribe(gpu.clone(), cx).expect("a live space");
    gpu.map(range(16, 8), cx);
    space.release(cx);
    assert_eq!(gpu.mapped(cx), 0);
}
