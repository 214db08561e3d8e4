//! A section's token bound in functions whose signature is somebody else's.
#![deny(warnings)]

use std::alloc::{GlobalAlloc, Layout, System};

use nonblock::{NonBlock, non_block, sync::SpinLock};

static HITS: SpinLock<u32> = SpinLock::new(0);

fn count(nb: &NonBlock) {
    *HITS.lock(nb) += 1;
}

struct Bucket;

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Bucket {
    #[non_block]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    #[non_block]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(start, layout) }
    }
}

#[non_block(nb)]
extern "C" fn interrupt(line: u32) -> u32 {
    count(nb);
    line
}

impl Iterator for Bucket {
    type Item = u32;

    #[non_block(nb)]
    fn next(&mut self) -> Option<u32> {
        count(nb);
        nb.non_block(|nb| count(nb));
        None
    }
}

#[non_block(nb)]
fn main() {
    let called: extern "C" fn(u32) -> u32 = interrupt;
    assert_eq!(called(3), 3);
    assert_eq!(Bucket.next(), None);
    assert_eq!(*HITS.lock(nb), 3);
}
