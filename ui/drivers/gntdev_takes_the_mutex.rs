//! Law 4: whoever holds the maps may be waiting for the hypervisor, so a section only tries their lock.

use gntdev::{GrantMap, Hypervisor};
use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::{Context, sync::Mutex};

struct GntdevPriv {
    hypervisor: Hypervisor,
    lock: Mutex<Vec<GrantMap>>,
}

impl Invalidate for GntdevPriv {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let mut maps = self.lock.lock(cx);
        maps.iter_mut().try_for_each(|map| map.unmap_if_in_range(&self.hypervisor, range, cx))
    }
}

fn main() {}
