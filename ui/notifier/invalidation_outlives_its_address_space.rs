//! An invalidation borrows its address space.

use nonblock::Sleepable;
use nonblock_mm::mmu::{AddressSpace, Event, Invalidation, Range};

fn unmap(range: Range, cx: &mut Sleepable) -> Invalidation<'static> {
    let space = AddressSpace::new();
    space.invalidate(range, Event::Unmap, cx)
}

fn main() {}
