//! Law 3: releasing an address space calls callbacks that may sleep.

use nonblock::Sleepable;
use nonblock_mm::mmu::AddressSpace;

fn exit(space: &AddressSpace, cx: &mut Sleepable) {
    cx.non_block(|_| space.release(cx));
}

fn main() {}
