//! Law 4: a callback for both callers acquires a sleeping lock; only one of them can wait for it.

use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::{Context, sync::Mutex};

struct Userptr {
    table: Mutex<Vec<Range>>,
}

impl Invalidate for Userptr {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.table.lock(cx).retain(|mapped| !mapped.overlaps(range));
        Ok(())
    }
}

fn main() {}
