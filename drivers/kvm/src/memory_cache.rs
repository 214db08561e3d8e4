//! Pages of sptes that are set aside, since nothing can be allocated under `mmu_lock`.

use nonblock::{NonBlock, Reserve, Sleepable};

use crate::spte::SptePage;

/// Pages of sptes that are set aside for page faults. Linux's `struct kvm_mmu_memory_cache`.
#[derive(Debug)]
pub struct MmuMemoryCache {
    objects: Reserve<Box<SptePage>>,
}

impl MmuMemoryCache {
    /// Makes a full cache of this many pages, from 1.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { objects: Reserve::with_capacity(capacity, Box::<SptePage>::default) }
    }

    /// Allocates as many pages as were taken, and returns how many. Linux's `mmu_topup_memory_cache()`, with
    /// `GFP_KERNEL_ACCOUNT`.
    ///
    /// # Context
    ///
    /// May sleep: it allocates, and an allocation may wait for the reaper.
    #[track_caller]
    pub fn topup(&self, cx: &mut Sleepable) -> usize {
        self.objects.refill(cx)
    }

    /// Takes a page out of the cache, if one is left. Linux's `mmu_memory_cache_alloc()`.
    ///
    /// # Context
    ///
    /// Does not sleep: takes `&NonBlock`.
    pub fn alloc(&self, nb: &NonBlock) -> Option<Box<SptePage>> {
        let _ = nb;
        self.objects.take().map(nonblock::Reserved::into_inner)
    }
}
