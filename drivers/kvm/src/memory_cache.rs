//! Pages of sptes set aside, since none can be allocated under `mmu_lock`.

use nonblock::{NonBlock, Reserve, Sleepable};

use crate::spte::SptePage;

/// Pages of sptes set aside for the page faults of virtual processors. Linux's `struct kvm_mmu_memory_cache`.
#[derive(Debug)]
pub struct MmuMemoryCache {
    objects: Reserve<Box<SptePage>>,
}

impl MmuMemoryCache {
    /// Makes a cache of so many pages, from 1.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { objects: Reserve::with_capacity(capacity, Box::<SptePage>::default) }
    }

    /// Allocates as many pages as were used up. Linux's `mmu_topup_memory_cache()`, with `GFP_KERNEL_ACCOUNT`.
    ///
    /// # Context
    ///
    /// May sleep: it allocates, and that may wait for the reaper.
    #[track_caller]
    pub fn topup(&self, cx: &mut Sleepable) -> usize {
        self.objects.refill(cx)
    }

    /// Takes a page for good, if one is left. Linux's `mmu_memory_cache_alloc()`.
    ///
    /// # Context
    ///
    /// Does not sleep: takes `&NonBlock`.
    pub fn alloc(&self, nb: &NonBlock) -> Option<Box<SptePage>> {
        let _ = nb;
        self.objects.take().map(nonblock::Reserved::into_inner)
    }
}
