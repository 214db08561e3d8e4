//! Law 5: a refusal comes from the context; a callback cannot make one up for both callers.

use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::{Context, WouldBlock, sync::Mutex};

struct Userptr {
    table: Mutex<Vec<Range>>,
}

impl Invalidate for Userptr {
    fn invalidate<C: Context>(&self, range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
        let Some(mut table) = self.table.try_lock() else {
            let refusal: C::Refusal = WouldBlock;
            return Err(refusal);
        };
        table.retain(|mapped| !mapped.overlaps(range));
        Ok(())
    }
}

fn main() {}
