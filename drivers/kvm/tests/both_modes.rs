//! The one callback, in both modes, and the retry of page faults.

use std::sync::Arc;

use kvm::{Counters, EptViolation, Kvm, SPTES};
use nonblock::{Context, Sleepable, WouldBlock, thread};
use nonblock_mm::mmu::{AddressSpace, Event, Invalidate, PAGE_SIZE, Range};

/// Where the guest's memory begins in the process's memory, in pages.
const BASE: usize = 256;

/// The range of the process that holds these pages of the guest.
fn range(gfn: usize, pages: usize) -> Range {
    Range::with_len((BASE + gfn) * PAGE_SIZE, pages * PAGE_SIZE).expect("whole pages")
}

/// A guest with this many pages, all of them mapped.
fn guest(pages: usize, cx: &mut Sleepable) -> Arc<Kvm> {
    let kvm = Arc::new(Kvm::new(range(0, pages), 2));
    for gfn in 0..pages {
        kvm.page_fault(gfn, cx, |hva, _cx| hva as u64);
    }
    kvm
}

#[nonblock::test]
fn takes_its_pages_from_the_guest_and_no_others(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let kvm = guest(3 * SPTES, cx);
    let subscription = space.subscribe(kvm.clone(), cx).expect("a live space");
    // Both processors cache the translation.
    for vcpu in [0, 1] {
        assert_eq!(kvm.access(vcpu, 5, cx, |pfn| pfn), Ok(((BASE + 5) * PAGE_SIZE) as u64));
    }
    drop(space.invalidate(range(5, 1), Event::Unmap, cx));
    for vcpu in [0, 1] {
        let violation = kvm.access(vcpu, 5, cx, |pfn| pfn).unwrap_err();
        assert_eq!(violation, EptViolation { gfn: 5 });
        let text = "the guest's page 5 is not mapped: it has to be faulted in";
        assert_eq!(violation.to_string(), text);
    }
    assert!(kvm.access(0, 4, cx, |_| ()).is_ok());
    // A range outside the guest's memory is ignored.
    let before = kvm.counters(cx);
    drop(space.invalidate(range(3 * SPTES, 4), Event::Unmap, cx));
    assert_eq!(kvm.counters(cx), before);
    assert_eq!(kvm.mapped(cx), 3 * SPTES - 1);
    subscription.unsubscribe(cx);
}

#[nonblock::test]
fn gives_way_where_it_may_and_never_refuses(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let kvm = guest(3 * SPTES, cx);
    let subscription = space.subscribe(kvm.clone(), cx).expect("a live space");
    let fixed = kvm.counters(cx).pf_fixed;
    drop(space.try_invalidate(range(0, 3 * SPTES), Event::Unmap, cx).expect("it never refuses"));
    let nonblock = Counters {
        invalidations: 1,
        finished: 1,
        remote_tlb_flushes: 1,
        zapped: 3 * SPTES as u64,
        pf_fixed: fixed,
        ..Counters::default()
    };
    assert_eq!(kvm.counters(cx), nonblock, "all at once");
    // Nothing is left, so nothing is flushed.
    drop(space.invalidate(range(0, 3 * SPTES), Event::Unmap, cx));
    let blockable = Counters { invalidations: 2, finished: 2, rescheduled: 2, ..nonblock };
    assert_eq!(kvm.counters(cx), blockable, "page of sptes by page of sptes");
    subscription.unsubscribe(cx);
}

#[nonblock::test]
fn a_page_fault_that_an_invalidation_meets_begins_again(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let kvm = Arc::new(Kvm::new(range(0, SPTES), 1));
    let subscription = space.subscribe(kvm.clone(), cx).expect("a live space");
    let mut lookups = 0;
    kvm.page_fault(5, cx, |_hva, cx| {
        lookups += 1;
        if lookups == 1 {
            // After the page was looked up, and before it is mapped.
            drop(space.try_invalidate(range(5, 1), Event::Unmap, cx).expect("it never refuses"));
        }
        lookups
    });
    assert_eq!(kvm.access(0, 5, cx, |pfn| pfn), Ok(2), "not what was stale");
    let counters = kvm.counters(cx);
    assert_eq!((counters.pf_retries, counters.pf_fixed), (1, 1));
    subscription.unsubscribe(cx);
}

#[nonblock::test]
fn a_page_fault_within_an_invalidation_waits_for_its_end(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let kvm = Arc::new(Kvm::new(range(0, SPTES), 1));
    let subscription = space.subscribe(kvm.clone(), cx).expect("a live space");
    thread::scope(cx, |scope, cx| {
        let outer = space.invalidate(range(4, 4), Event::Unmap, cx);
        let inner = space.invalidate(range(6, 4), Event::Unmap, cx);
        // Neither invalidation covers the page.
        kvm.page_fault(20, cx, |_hva, _cx| 20);
        assert_eq!(kvm.access(0, 20, cx, |pfn| pfn), Ok(20));

        let guest = Arc::clone(&kvm);
        let fault = scope.spawn(move |cx| guest.page_fault(5, cx, |_hva, _cx| 5));
        drop(inner);
        while kvm.counters(cx).pf_retries == 0 {
            thread::yield_now(cx);
        }
        assert!(!fault.is_finished());
        assert!(kvm.access(0, 5, cx, |_| ()).is_err());
        drop(outer);
        fault.join(cx).expect("then it goes on");
    });
    assert_eq!(kvm.access(0, 5, cx, |pfn| pfn), Ok(5));
    subscription.unsubscribe(cx);
}

/// A driver that refuses every section.
struct Refuses;

impl Invalidate for Refuses {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        cx.or_refuse().map(drop)
    }
}

#[nonblock::test]
fn an_invalidation_that_another_driver_refuses_has_its_end(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let kvm = guest(SPTES, cx);
    let subscription = space.subscribe(kvm.clone(), cx).expect("a live space");
    let refusing = space.subscribe(Arc::new(Refuses), cx).expect("a live space");
    let refused = space.try_invalidate(range(0, 8), Event::Unmap, cx);
    assert_eq!(refused.err(), Some(WouldBlock));
    let counters = kvm.counters(cx);
    assert_eq!((counters.invalidations, counters.finished), (1, 1));
    // No invalidation is under way, so a page that was taken in vain is faulted in again.
    kvm.page_fault(5, cx, |_hva, _cx| 7);
    assert_eq!(kvm.access(0, 5, cx, |pfn| pfn), Ok(7));
    refusing.unsubscribe(cx);
    subscription.unsubscribe(cx);
}

#[nonblock::test]
fn tells_which_pages_the_guest_used(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let kvm = guest(SPTES, cx);
    let subscription = space.subscribe(kvm.clone(), cx).expect("a live space");
    let address = range(5, 1).start();
    let use_page = |cx: &mut Sleepable| kvm.access(0, 5, cx, |_| ()).expect("it is mapped");

    assert!(!space.test_young(address, cx));
    use_page(cx);
    assert!(space.test_young(address, cx));
    assert!(!space.clear_young(&range(6, 8), cx));
    assert!(space.clear_young(&range(0, 8), cx));
    // The processor still has the translation, so its next use sets no accessed bit.
    use_page(cx);
    assert!(!space.test_young(address, cx));

    drop(space.invalidate(range(5, 1), Event::Clear, cx));
    kvm.page_fault(5, cx, |_hva, _cx| 5);
    use_page(cx);
    assert!(space.clear_flush_young(&range(0, 8), cx));
    assert!(!space.clear_flush_young(&range(0, 8), cx));
    use_page(cx);
    assert!(space.test_young(address, cx), "the translation was flushed");
    assert!(!space.test_young(range(SPTES, 1).start(), cx), "not the guest's");
    subscription.unsubscribe(cx);
}

#[nonblock::test]
fn lets_go_of_everything_on_release(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let kvm = guest(SPTES, cx);
    let _subscription = space.subscribe(kvm.clone(), cx).expect("a live space");
    kvm.access(0, 5, cx, |_| ()).expect("it is mapped");
    space.release(cx);
    assert_eq!(kvm.mapped(cx), 0);
    assert!(kvm.access(0, 5, cx, |_| ()).is_err(), "the translation is gone too");
}

#[nonblock::test]
#[should_panic(expected = "page 64: expected one of the guest's")]
fn says_which_page_is_not_the_guests(cx: &mut Sleepable) {
    Kvm::new(range(0, SPTES), 1).page_fault(SPTES, cx, |_hva, _cx| 0);
}
