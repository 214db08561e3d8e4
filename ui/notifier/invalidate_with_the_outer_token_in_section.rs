//! Law 3: a section borrows the token until it ends, so nothing in it waits for drivers.

use nonblock::Sleepable;
use nonblock_mm::mmu::{AddressSpace, Event, Range};

fn unmap(space: &AddressSpace, range: Range, cx: &mut Sleepable) {
    cx.non_block(|_nb| drop(space.invalidate(range, Event::Unmap, cx)));
}

fn main() {}
