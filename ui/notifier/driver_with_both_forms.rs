//! A driver has its callbacks in one form: `Invalidate`, or `Notifier`.

use nonblock_mm::mmu::{Invalidate, Notifier, Range};
use nonblock::{Context, NonBlock, Sleepable, WouldBlock};

struct Userptr;

impl Invalidate for Userptr {
    fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

impl Notifier for Userptr {
    fn invalidate_range_start(&self, _range: &Range, _cx: &mut Sleepable) {}

    fn invalidate_range_start_nonblock(
        &self,
        _range: &Range,
        _nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        Ok(())
    }
}

fn main() {}
