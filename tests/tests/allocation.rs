//! What notifiers are called with: no allocation, and nothing freed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nonblock::mmu::{AddressSpace, Event, Invalidate, PAGE_SIZE, Range};
use nonblock::{Context, sleepable};

/// Counts, for each thread, how often it allocates or frees.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: it does what the system's allocator does, and counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn range() -> Range {
    Range::with_len(0x10_0000, 4 * PAGE_SIZE).unwrap()
}

/// A driver that itself allocates nothing, and refuses when told to.
struct Quiet(AtomicBool);

impl Invalidate for Quiet {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        if self.0.load(Ordering::Relaxed) {
            cx.sleepable()?;
        }
        Ok(())
    }
}

/// Neither the calls nor a refusal allocate or free, whatever the list has been through.
#[test]
fn try_invalidate_allocates_nothing() {
    let space = AddressSpace::new();
    let count = |f: &mut dyn FnMut()| {
        let before = ALLOCATIONS.get();
        f();
        ALLOCATIONS.get() - before
    };
    // The counter counts.
    assert_eq!(count(&mut || drop(std::hint::black_box(Box::new(1)))), 2);

    sleepable(|cx| {
        let refusing = Arc::new(Quiet(AtomicBool::new(false)));
        let mut subscriptions = Vec::new();
        for _ in 0..100 {
            let quiet = Arc::new(Quiet(AtomicBool::new(false)));
            subscriptions.push(space.subscribe(quiet, cx).unwrap());
        }
        let _last = space.subscribe(refusing.clone(), cx).unwrap();
        // Dropped ones are still on the list, and lists that were replaced wait to be freed.
        subscriptions.truncate(50);
        let open = space.invalidate(range(), Event::Unmap, cx);
        let _newest = space.subscribe(Arc::new(Quiet(AtomicBool::new(false))), cx).unwrap();

        let tried = count(&mut || {
            drop(space.try_invalidate(range(), Event::Unmap, cx).unwrap());
            cx.non_block(|nb| drop(space.try_invalidate(range(), Event::Unmap, nb).unwrap()));
        });
        assert_eq!(tried, 0);
        refusing.0.store(true, Ordering::Relaxed);
        let refused = count(&mut || {
            assert!(space.try_invalidate(range(), Event::Unmap, cx).is_err());
        });
        assert_eq!(refused, 0);
        // Nor does the blocking call, of itself; nor a drop in a section, of an entry that is still listed.
        refusing.0.store(false, Ordering::Relaxed);
        assert_eq!(count(&mut || drop(space.invalidate(range(), Event::Unmap, cx))), 0);
        let mut dropped = subscriptions.pop();
        assert_eq!(count(&mut || cx.non_block(|_nb| drop(dropped.take()))), 0);
        drop(open);
    });
}
