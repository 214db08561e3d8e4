//! Law 3: waiting for dropped subscriptions may sleep.

use nonblock::Sleepable;
use nonblock_mm::mmu::AddressSpace;

fn close(space: &AddressSpace, cx: &mut Sleepable) {
    cx.non_block(|nb| space.synchronize(nb));
}

fn main() {}
