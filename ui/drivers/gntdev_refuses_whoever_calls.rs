//! Law 5: Linux (93065ac753e4) refused callers that may sleep as well; they have nothing to be refused with.

use gntdev::GrantMap;
use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::{Context, WouldBlock, sync::Mutex};

struct GntdevPriv {
    lock: Mutex<Vec<GrantMap>>,
}

impl Invalidate for GntdevPriv {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let maps = self.lock.acquire(cx)?;
        if maps.iter().filter_map(GrantMap::vma).any(|vma| vma.overlaps(range)) {
            let eagain: C::Refusal = WouldBlock;
            return Err(eagain);
        }
        Ok(())
    }
}

fn main() {}
