//! Law 5: who tries to invalidate must look at the answer.
#![deny(unused_must_use)]

use nonblock::NonBlock;
use nonblock_mm::mmu::{AddressSpace, Event, Range};

fn reap(space: &AddressSpace, range: Range, nb: &mut NonBlock) {
    space.try_invalidate(range, Event::Unmap, nb);
}

fn main() {}
