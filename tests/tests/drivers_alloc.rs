//! The drivers' callbacks in a section: they neither allocate nor free, whether they refuse the range or take it.

use std::sync::Arc;

use gntdev::{GntdevPriv, Hypervisor};
use kvm::{Kvm, SPTES};
use mmu_rb::{PinPages, PinnedPage, PktQueue, Sizes};
use nonblock::{Sleepable, sleepable, thread};
use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};
use nonblock_tests::allocations::{Counting, allocations};
use umem_odp::Mr;
use xe_userptr::{TlbInval, UserptrVma};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Two pages of a guest's sptes.
const PAGES: usize = 2 * SPTES;

fn range() -> Range {
    Range::with_len(0x10_0000, PAGES * PAGE_SIZE).expect("whole pages")
}

/// Takes the range in a section, from start to end. Returns whether it was, and how often that allocated or freed.
fn take(space: &AddressSpace, cx: &mut Sleepable) -> (bool, usize) {
    let before = allocations();
    let taken = space.try_invalidate(range(), Event::Unmap, cx).is_ok();
    (taken, allocations() - before)
}

#[test]
fn gntdev_refuses_without_allocating() {
    let (space, hypervisor) = (AddressSpace::new(), Arc::new(Hypervisor::start().unwrap()));
    let gntdev = Arc::new(GntdevPriv::open(hypervisor));
    sleepable(|cx| {
        let subscription = space.subscribe(gntdev.clone(), cx).unwrap();
        let index = gntdev.map_grant_ref(&[7; PAGES], cx);
        gntdev.mmap(index, range(), cx).unwrap();
        assert_eq!(take(&space, cx), (false, 0));
        gntdev.vma_close(index, cx).unwrap();
        assert_eq!(take(&space, cx), (true, 0));
        subscription.unsubscribe(cx);
    });
}

#[test]
fn xe_userptr_takes_and_refuses_without_allocating() {
    let (space, gpu) = (AddressSpace::new(), Arc::<TlbInval>::default());
    sleepable(|cx| {
        let vma = UserptrVma::setup(&space, range(), Arc::clone(&gpu), cx).unwrap();
        vma.page_fault(range().start(), cx, |address, _cx| address as u64);
        assert_eq!(take(&space, cx), (false, 0));
        gpu.done(gpu.submitted());
        assert_eq!(take(&space, cx), (true, 0));
        vma.destroy(cx);
    });
}

/// Memory may be short for a caller that may sleep, too.
#[test]
fn a_second_pass_is_made_without_allocating() {
    let (space, gpu) = (AddressSpace::new(), Arc::<TlbInval>::default());
    sleepable(|cx| {
        let vma = UserptrVma::setup(&space, range(), Arc::clone(&gpu), cx).unwrap();
        vma.page_fault(range().start(), cx, |address, _cx| address as u64);
        // The device answers when it is asked.
        let device = thread::spawn({
            let gpu = Arc::clone(&gpu);
            move |cx| {
                while gpu.is_done(gpu.submitted()) {
                    thread::yield_now(cx);
                }
                gpu.done(gpu.submitted());
            }
        });
        let before = allocations();
        drop(space.invalidate(range(), Event::Unmap, cx));
        assert_eq!(allocations() - before, 0);
        device.join(cx).unwrap();
        assert_eq!(vma.userptr().counters(cx).second_passes, 1);
        vma.destroy(cx);
    });
}

#[test]
fn umem_odp_takes_and_refuses_without_allocating() {
    let space = AddressSpace::new();
    sleepable(|cx| {
        let mr = Mr::get(&space, range(), cx).unwrap();
        for address in (range().start()..range().end()).step_by(PAGE_SIZE) {
            mr.page_fault(address, cx, |address, _cx| address as u64);
        }
        mr.transfer(range().start(), cx, |_, cx| assert_eq!(take(&space, cx), (false, 0))).unwrap();
        assert_eq!(take(&space, cx), (true, 0));
        assert_eq!(mr.umem().read(cx).npages(), 0);
        mr.release(cx);
    });
}

#[test]
fn kvm_takes_without_allocating() {
    let (space, kvm) = (AddressSpace::new(), Arc::new(Kvm::new(range(), 1)));
    sleepable(|cx| {
        let subscription = space.subscribe(kvm.clone(), cx).unwrap();
        for gfn in 0..PAGES {
            kvm.page_fault(gfn, cx, |hva, _cx| hva as u64);
            kvm.access(0, gfn, cx, |_| ()).unwrap();
        }
        assert_eq!(take(&space, cx), (true, 0));
        assert_eq!(kvm.mapped(cx), 0);
        subscription.unsubscribe(cx);
    });
}

struct Pins;

impl PinPages for Pins {
    fn pin(&self, range: &Range, _cx: &mut Sleepable) -> Vec<PinnedPage> {
        vec![7; range.len() / PAGE_SIZE]
    }

    fn unpin(&self, _range: &Range, _pages: Vec<PinnedPage>, _cx: &mut Sleepable) {}
}

#[test]
fn mmu_rb_takes_and_refuses_without_allocating() {
    let space = AddressSpace::new();
    sleepable(|cx| {
        let sizes = Sizes { nodes: 4, del_queue: 1 };
        let queue = PktQueue::alloc(Pins, &space, sizes, 4, cx).unwrap();
        let buffer =
            |place: usize| Range::with_len(range().start() + place * PAGE_SIZE, PAGE_SIZE).unwrap();
        // The worker waits for the request.
        let request = queue.submit(buffer(0), cx).unwrap();
        assert_eq!(take(&space, cx), (true, 0));
        while queue.cache().queued() > 0 {
            thread::yield_now(cx);
        }
        for place in 1..=3 {
            drop(queue.submit(buffer(place), cx).unwrap());
        }
        // There is room for the first of them.
        assert_eq!(take(&space, cx), (false, 0));
        assert_eq!(queue.cache().cached(cx), [buffer(2), buffer(3)]);
        drop(request);
        queue.free(cx);
    });
}
