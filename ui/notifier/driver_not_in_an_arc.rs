//! An address space shares the drivers that are subscribed to it: it takes them in an `Arc`.

use nonblock_mm::mmu::{AddressSpace, Invalidate, Range, Released};
use nonblock::{Context, Sleepable};

struct Userptr;

impl Invalidate for Userptr {
    fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

fn attach(space: &AddressSpace, cx: &mut Sleepable) -> Result<(), Released> {
    space.subscribe(Userptr, cx)?.unsubscribe(cx);
    Ok(())
}

fn main() {}
