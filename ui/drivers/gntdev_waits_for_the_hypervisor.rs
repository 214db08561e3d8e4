//! Law 2: the lock was only tried, but unmapping the pages waits for a completion all the same.

use gntdev::{GrantMap, Hypervisor};
use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::{Context, sync::Mutex};

struct GntdevPriv {
    hypervisor: Hypervisor,
    lock: Mutex<Vec<GrantMap>>,
}

impl Invalidate for GntdevPriv {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let mut maps = self.lock.acquire(cx)?;
        for map in maps.iter_mut().filter(|map| map.vma() == Some(range)) {
            map.unmap_grant_pages(&self.hypervisor, 0..map.count(), cx);
        }
        Ok(())
    }
}

fn main() {}
