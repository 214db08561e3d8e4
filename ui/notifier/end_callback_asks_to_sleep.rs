//! Law 3: the end of an invalidation may be in a drop, so it has no right to sleep.

use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::{Context, Sleepable};

struct Userptr;

impl Invalidate for Userptr {
    fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }

    fn finish(&self, _range: &Range, _cx: &mut Sleepable) {}
}

fn main() {}
