//! What a thread asks of the allocator: each program here may have it as `mod counting;`.

#![allow(dead_code)]
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATED: Cell<u64> = const { Cell::new(0) };
    static FREED: Cell<u64> = const { Cell::new(0) };
}

fn one_more(counter: &'static std::thread::LocalKey<Cell<u64>>) {
    let _ = counter.try_with(|count| count.set(count.get() + 1));
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        one_more(&ALLOCATED);
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        one_more(&ALLOCATED);
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        one_more(&ALLOCATED);
        unsafe { System.realloc(old, layout, size) }
    }
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        one_more(&FREED);
        unsafe { System.dealloc(old, layout) }
    }
}

pub struct Count {
    pub allocated: u64,
    pub freed: u64,
}

/// What the calling thread allocated (or reallocated) and freed during the call.
pub fn count<R>(call: impl FnOnce() -> R) -> (Count, R) {
    let (allocated, freed) = (ALLOCATED.get(), FREED.get());
    let result = call();
    (Count { allocated: ALLOCATED.get() - allocated, freed: FREED.get() - freed }, result)
}
