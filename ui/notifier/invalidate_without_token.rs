//! Law 2: callbacks may sleep in an invalidation that cannot be refused, so it takes the right to sleep.

use nonblock_mm::mmu::{AddressSpace, Event, Range};

fn unmap(space: &AddressSpace, range: Range) {
    drop(space.invalidate(range, Event::Unmap));
}

fn main() {}
