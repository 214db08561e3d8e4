//! Law 4: the end of an invalidation is in a section, so it can only try a sleeping lock.

use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::{Context, NonBlock, sync::Mutex};

struct Userptr {
    under_way: Mutex<u32>,
}

impl Invalidate for Userptr {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        *self.under_way.acquire(cx)? += 1;
        Ok(())
    }

    fn finish(&self, _range: &Range, nb: &mut NonBlock) {
        *self.under_way.lock(nb) -= 1;
    }
}

fn main() {}
