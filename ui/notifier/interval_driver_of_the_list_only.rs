//! Only a driver of intervals can be told of one.

use std::sync::Arc;

use nonblock_mm::mmu::{AddressSpace, Invalidate, Range, Released};
use nonblock::{Context, Sleepable};

struct Userptr;

impl Invalidate for Userptr {
    fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

fn open(space: &AddressSpace, range: Range, cx: &mut Sleepable) -> Result<(), Released> {
    space.subscribe_interval(range, Arc::new(Userptr), cx)?.unsubscribe(cx);
    Ok(())
}

fn main() {}
