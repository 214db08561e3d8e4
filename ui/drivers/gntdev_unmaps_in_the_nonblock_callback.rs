//! Law 2: the entry for callers that must not sleep does what that for the others does.

use std::sync::Arc;

use gntdev::{GrantedPage, Hypervisor};
use nonblock_mm::mmu::{Notifier, Range};
use nonblock::{NonBlock, Sleepable, WouldBlock};

struct GntdevPriv {
    hypervisor: Hypervisor,
    pages: Vec<Arc<GrantedPage>>,
}

impl Notifier for GntdevPriv {
    fn invalidate_range_start(&self, _range: &Range, cx: &mut Sleepable) {
        self.hypervisor.unmap_refs_sync(self.pages.clone(), cx);
    }

    fn invalidate_range_start_nonblock(
        &self,
        _range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.hypervisor.unmap_refs_sync(self.pages.clone(), nb);
        Ok(())
    }
}

fn main() {}
