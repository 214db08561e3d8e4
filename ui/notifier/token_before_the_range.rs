//! In `mmu`, `notifier` and `memory` the token comes last of the arguments.

use nonblock::Sleepable;
use nonblock_mm::mmu::{AddressSpace, Event, Range};

fn unmap(space: &AddressSpace, range: Range, cx: &mut Sleepable) {
    drop(space.invalidate(cx, range, Event::Unmap));
}

fn main() {}
