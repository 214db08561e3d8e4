//! Law 3: in a section, the section's token is the context.

use nonblock::Sleepable;
use nonblock_mm::mmu::{AddressSpace, Event, Range};

fn reap(space: &AddressSpace, range: Range, cx: &mut Sleepable) {
    cx.non_block(|_| space.try_invalidate(range, Event::Unmap, cx).is_ok());
}

fn main() {}
