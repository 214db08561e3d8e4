//! The passes, for callers that may sleep and for those that must not.

use std::sync::Arc;

use nonblock::{Sleepable, WouldBlock, thread};
use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};
use xe_userptr::{Counters, TlbInval, UserptrVma};

const PAGES: usize = 4;

fn range(first_page: usize, pages: usize) -> Range {
    Range::with_len((16 + first_page) * PAGE_SIZE, pages * PAGE_SIZE).expect("whole pages")
}

struct Scene {
    space: AddressSpace,
    gpu: Arc<TlbInval>,
    vma: UserptrVma,
}

impl Scene {
    fn new(cx: &mut Sleepable) -> Self {
        let (space, gpu) = (AddressSpace::new(), Arc::<TlbInval>::default());
        let vma = UserptrVma::setup(&space, range(0, PAGES), Arc::clone(&gpu), cx);
        let scene = Self { space, gpu, vma: vma.expect("a live space") };
        for page in 0..PAGES {
            scene.vma.page_fault(range(page, 1).start(), cx, |address, _cx| address as u64);
        }
        assert_eq!(scene.vma.mapped(cx), PAGES);
        scene
    }
}

#[nonblock::test]
fn a_section_is_refused_until_the_device_has_flushed(cx: &mut Sleepable) {
    let Scene { space, gpu, vma } = Scene::new(cx);
    for _ in 0..2 {
        cx.non_block(|nb| {
            let refused = space.try_invalidate(range(1, 2), Event::Unmap, nb);
            assert_eq!(refused.err(), Some(WouldBlock));
        });
        assert_eq!(vma.mapped(cx), 2, "the entries are gone at the first try");
    }
    gpu.done(gpu.submitted());
    drop(space.try_invalidate(range(1, 2), Event::Unmap, cx).expect("it has flushed"));
    let expected = Counters { invalidations: 1, refusals: 2, second_passes: 0, finished: 1 };
    assert_eq!(vma.userptr().counters(cx), expected);
    // Nothing is mapped any more, so there is nothing to flush.
    drop(space.try_invalidate(range(1, 2), Event::Unmap, cx).expect("nothing to wait for"));
    assert!(gpu.is_done(gpu.submitted()));
    drop(space.try_invalidate(range(8, 2), Event::Unmap, cx).expect("it does not meet the range"));
    assert_eq!(vma.mapped(cx), 2);
}

#[nonblock::test]
fn who_may_sleep_waits_for_the_flush(cx: &mut Sleepable) {
    let Scene { space, gpu, vma } = Scene::new(cx);
    thread::scope(cx, |scope, cx| {
        let invalidation = scope.spawn(|cx| drop(space.invalidate(range(0, 1), Event::Unmap, cx)));
        while gpu.is_done(gpu.submitted()) {
            thread::yield_now(cx);
        }
        assert!(!invalidation.is_finished());
        assert_eq!(vma.mapped(cx), PAGES - 1);
        gpu.done(gpu.submitted());
        invalidation.join(cx).expect("the device has flushed");
    });
    let expected = Counters { invalidations: 1, refusals: 0, second_passes: 1, finished: 1 };
    assert_eq!(vma.userptr().counters(cx), expected);
    gpu.done(gpu.submitted());
    // The rest of the entries go with the range.
    let device = thread::spawn({
        let gpu = Arc::clone(&gpu);
        move |cx| {
            while gpu.is_done(gpu.submitted()) {
                thread::yield_now(cx);
            }
            gpu.done(gpu.submitted());
        }
    });
    vma.destroy(cx);
    device.join(cx).expect("it was asked");
    assert_eq!(space.interval_subscriptions(&range(0, PAGES)), 0);
}

#[nonblock::test]
fn a_page_fault_looks_again_after_a_collision(cx: &mut Sleepable) {
    let Scene { space, gpu, vma } = Scene::new(cx);
    let address = range(2, 1).start();
    let mut looks = 0;
    vma.page_fault(address, cx, |_address, cx| {
        looks += 1;
        if looks == 1 {
            // The memory changes while the page is looked up.
            assert!(space.try_invalidate(range(2, 1), Event::Unmap, cx).is_err());
            gpu.done(gpu.submitted());
            drop(space.try_invalidate(range(2, 1), Event::Unmap, cx).expect("it has flushed"));
        }
        looks
    });
    assert_eq!(vma.entry(address, cx), Some(2));
}
