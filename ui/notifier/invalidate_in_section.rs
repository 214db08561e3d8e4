//! Law 3: who must not sleep tries to invalidate, and can be refused.

use nonblock::NonBlock;
use nonblock_mm::mmu::{AddressSpace, Event, Range};

fn reap(space: &AddressSpace, range: Range, nb: &mut NonBlock) {
    drop(space.invalidate(range, Event::Unmap, nb));
}

fn main() {}
