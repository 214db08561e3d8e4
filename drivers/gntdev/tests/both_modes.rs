//! The one callback, in both modes.

use std::sync::Arc;
use std::sync::mpsc;

use gntdev::{Counters, GntdevPriv, GrantRef, Hypervisor, MmapError};
use nonblock::{Sleepable, WouldBlock, thread};
use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range, Subscription};

fn range(first_page: usize, pages: usize) -> Range {
    Range::with_len(first_page * PAGE_SIZE, pages * PAGE_SIZE).expect("whole pages")
}

/// A process that has opened the device and mapped a grant for each page of the range.
struct Process {
    space: AddressSpace,
    hypervisor: Arc<Hypervisor>,
    gntdev: Arc<GntdevPriv>,
    index: usize,
    _subscription: Subscription,
}

impl Process {
    fn new(mapped: Range, cx: &mut Sleepable) -> Self {
        let space = AddressSpace::new();
        let hypervisor = Arc::new(Hypervisor::start().expect("a thread"));
        let gntdev = Arc::new(GntdevPriv::open(Arc::clone(&hypervisor)));
        let subscription = space.subscribe(gntdev.clone(), cx).expect("a live space");
        let pages = GrantRef::try_from(mapped.len() / PAGE_SIZE).expect("a few pages");
        let index = gntdev.map_grant_ref(&(0..pages).collect::<Vec<_>>(), cx);
        gntdev.mmap(index, mapped, cx).expect("the range fits the map");
        Self { space, hypervisor, gntdev, index, _subscription: subscription }
    }
}

#[nonblock::test]
fn unmaps_what_meets_the_range_and_nothing_else(cx: &mut Sleepable) {
    let process = Process::new(range(16, 8), cx);
    let whole = range(0, 64);
    drop(process.space.invalidate(range(0, 18), Event::Unmap, cx));
    assert_eq!(process.hypervisor.mapped(&whole, cx), 6);
    assert!(process.gntdev.page(17 * PAGE_SIZE, cx).is_none());
    let page = process.gntdev.page(18 * PAGE_SIZE, cx).expect("it is mapped");
    assert_eq!(page.reference(), 2);
    drop(process.space.invalidate(range(20, 1), Event::Unmap, cx));
    assert_eq!(process.hypervisor.mapped(&whole, cx), 5, "a hole in the middle");
    drop(process.space.invalidate(range(16, 8), Event::Unmap, cx));
    assert_eq!(process.hypervisor.mapped(&whole, cx), 0);
    let expected = Counters { invalidations: 3, refusals: 0 };
    assert_eq!(process.gntdev.counters(cx), expected);
}

#[nonblock::test]
fn refuses_in_a_section_whatever_is_mapped(cx: &mut Sleepable) {
    let process = Process::new(range(16, 8), cx);
    let (space, gntdev) = (&process.space, &process.gntdev);
    assert_eq!(space.try_invalidate(range(23, 4), Event::Unmap, cx).err(), Some(WouldBlock));
    assert_eq!(process.hypervisor.mapped(&range(16, 8), cx), 8, "a refusal takes nothing");
    // The range is not mapped, so there is no reason to refuse.
    assert!(space.try_invalidate(range(24, 8), Event::Unmap, cx).is_ok());
    drop(space.invalidate(range(20, 8), Event::Unmap, cx));
    assert!(space.try_invalidate(range(20, 4), Event::Unmap, cx).is_ok(), "it is unmapped");
    assert!(space.try_invalidate(range(19, 4), Event::Unmap, cx).is_err(), "the first page is not");
    assert_eq!(gntdev.counters(cx), Counters { invalidations: 3, refusals: 2 });
    gntdev.vma_close(process.index, cx).expect("the map is there");
    assert!(space.try_invalidate(range(16, 8), Event::Unmap, cx).is_ok(), "came back for it");
}

#[nonblock::test]
fn waits_for_who_uses_a_page_and_refuses_a_section_meanwhile(cx: &mut Sleepable) {
    let process = Process::new(range(16, 8), cx);
    let page = process.gntdev.page(16 * PAGE_SIZE, cx).expect("it is mapped");
    let transfer = page.get(cx).expect("it is mapped");
    let (space, hypervisor) = (&process.space, &process.hypervisor);
    thread::scope(cx, |scope, cx| {
        let (starts, started) = mpsc::channel();
        let invalidation = scope.spawn(move |cx| {
            starts.send(()).expect("the test listens");
            drop(space.invalidate(range(16, 8), Event::Unmap, cx));
        });
        started.recv().expect("the thread runs");
        // It refuses because the lock is held, or because the pages are still mapped.
        assert!(space.try_invalidate(range(16, 8), Event::Unmap, cx).is_err());
        assert!(!invalidation.is_finished(), "the page is in use");
        drop(transfer);
        invalidation.join(cx).expect("then it ends");
    });
    assert_eq!(hypervisor.mapped(&range(16, 8), cx), 0);
    assert!(page.get(cx).is_none(), "it is too late for that");
    assert!(space.try_invalidate(range(16, 8), Event::Unmap, cx).is_ok());
}

#[nonblock::test]
fn a_map_that_was_given_up_is_found_until_the_process_closes_it(cx: &mut Sleepable) {
    let process = Process::new(range(16, 2), cx);
    let (space, gntdev) = (&process.space, &process.gntdev);
    gntdev.unmap_grant_ref(process.index, cx).expect("the map is there");
    assert!(space.try_invalidate(range(16, 1), Event::Unmap, cx).is_err());
    drop(space.invalidate(range(16, 1), Event::Unmap, cx));
    assert_eq!(process.hypervisor.mapped(&range(16, 2), cx), 1);
    gntdev.vma_close(process.index, cx).expect("it is mapped");
    assert_eq!(process.hypervisor.mapped(&range(16, 2), cx), 0);
    let gone = gntdev.vma_close(process.index, cx).unwrap_err();
    assert_eq!(gone.to_string(), "there is no grant map 0: expected a number from `map_grant_ref`");
}

#[nonblock::test]
fn says_what_was_wrong_with_a_mapping(cx: &mut Sleepable) {
    let process = Process::new(range(16, 2), cx);
    let again = process.gntdev.mmap(process.index, range(32, 2), cx).unwrap_err();
    assert!(matches!(again, MmapError::Mapped { index: 0, at, .. } if at == range(16, 2)));
    let other = process.gntdev.map_grant_ref(&[1, 2, 3], cx);
    let short = process.gntdev.mmap(other, range(32, 2), cx).unwrap_err();
    assert!(short.to_string().ends_with("expected 12288 bytes"), "{short}");
    assert_eq!(process.hypervisor.mapped(&range(32, 2), cx), 0, "nothing was mapped");
    process.gntdev.mmap(other, range(32, 3), cx).expect("now it fits");
}

#[nonblock::test]
fn lets_go_of_everything_on_release(cx: &mut Sleepable) {
    let process = Process::new(range(16, 8), cx);
    process.space.release(cx);
    assert_eq!(process.hypervisor.mapped(&range(16, 8), cx), 0);
}
