//! Only a driver of two passes is subscribed as one.

use std::sync::Arc;

use nonblock_mm::mmu::{AddressSpace, InvalidateInterval, Range, Released};
use nonblock::{Context, Sleepable};

struct Gpu;

impl InvalidateInterval for Gpu {
    fn invalidate_interval<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

fn open(space: &AddressSpace, range: Range, cx: &mut Sleepable) -> Result<(), Released> {
    space.subscribe_two_pass(range, Arc::new(Gpu), cx)?.unsubscribe(cx);
    Ok(())
}

fn main() {}
