//! A driver of two passes is subscribed as one.

use std::sync::Arc;

use nonblock_mm::mmu::{AddressSpace, Finish, InvalidateTwoPass, Range, Released};
use nonblock::{Context, Sleepable};

struct Gpu;

impl InvalidateTwoPass for Gpu {
    type Operation = u64;

    fn invalidate_start<'cx, C: Context>(
        &self,
        _range: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, u64>>, C::Refusal> {
        Ok(Some(Finish::new(7, cx.or_refuse()?)))
    }

    fn invalidate_finish(&self, _range: &Range, _operation: u64, _cx: &mut Sleepable) {}
}

fn open(space: &AddressSpace, range: Range, cx: &mut Sleepable) -> Result<(), Released> {
    space.subscribe_interval(range, Arc::new(Gpu), cx)?.unsubscribe(cx);
    Ok(())
}

fn main() {}
