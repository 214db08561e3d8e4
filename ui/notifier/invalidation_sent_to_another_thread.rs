//! An invalidation ends on the thread that began it.

use nonblock::Sleepable;
use nonblock_mm::mmu::{AddressSpace, Event, Range};

fn spawn<F: Future + Send>(_task: F) {}

fn unmap(space: &'static AddressSpace, range: Range, cx: &mut Sleepable) {
    let invalidation = space.invalidate(range, Event::Unmap, cx);
    spawn(async move { drop(invalidation) });
}

fn main() {}
