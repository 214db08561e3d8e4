//! An invalidation that is not kept is over before the mapping has changed.
#![deny(unused_must_use)]

use nonblock::Sleepable;
use nonblock_mm::mmu::{AddressSpace, Event, Range};

fn unmap(space: &AddressSpace, range: Range, cx: &mut Sleepable) {
    space.invalidate(range, Event::Unmap, cx);
}

fn main() {}
