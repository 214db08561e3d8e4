//! What `mmu_lock` guards: the page table, and the counts by which page faults detect collisions.

use nonblock::NonBlock;

use crate::memory_cache::MmuMemoryCache;
use crate::spte::{Gfn, PageTable, Pfn};

/// What the driver has counted since the guest was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Start callbacks. This driver never refuses.
    pub invalidations: u64,
    /// How many times a start callback released `mmu_lock` between two steps, because its caller may sleep.
    pub rescheduled: u64,
    /// End callbacks.
    pub finished: u64,
    /// Flushes of the processors' cached translations.
    pub remote_tlb_flushes: u64,
    /// Sptes that callbacks removed.
    pub zapped: u64,
    /// Page faults that were resolved.
    pub pf_fixed: u64,
    /// How many times a page fault began again, because an invalidation came in between.
    pub pf_retries: u64,
}

/// The result of a page fault under `mmu_lock`.
pub(crate) enum Installed {
    /// The spte is set.
    Fixed,
    /// An invalidation of the page is under way, or an invalidation has ended since the page was looked up.
    Retry,
    /// A page of sptes is missing, and the cache is empty.
    CacheEmpty,
}

/// The guest's page table and its counts, under `mmu_lock`.
#[derive(Debug)]
pub(crate) struct Mmu {
    pub(crate) table: PageTable,
    /// How many invalidations are under way.
    invalidate_in_progress: u64,
    /// How many invalidations have ended.
    invalidate_seq: u64,
    /// A range that covers all invalidations under way.
    invalidate_range: Option<(Gfn, Gfn)>,
    pub(crate) counters: Counters,
}

impl Mmu {
    pub(crate) fn new(npages: usize) -> Self {
        Self {
            table: PageTable::new(npages),
            invalidate_in_progress: 0,
            invalidate_seq: 0,
            invalidate_range: None,
            counters: Counters::default(),
        }
    }

    /// Returns how many invalidations have ended. Linux's `kvm->mmu_invalidate_seq`.
    pub(crate) fn seq(&self) -> u64 {
        self.invalidate_seq
    }

    /// Begins an invalidation of the guest's pages. Linux's `kvm_mmu_invalidate_begin()`.
    pub(crate) fn invalidate_begin(&mut self, gfns: &core::ops::Range<Gfn>) {
        self.counters.invalidations += 1;
        self.invalidate_in_progress += 1;
        // Several at once are treated as one that covers them all.
        let (start, end) = self.invalidate_range.unwrap_or((gfns.start, gfns.end));
        self.invalidate_range = Some((start.min(gfns.start), end.max(gfns.end)));
    }

    /// Ends an invalidation. Linux's `kvm_mmu_invalidate_end()`.
    pub(crate) fn invalidate_end(&mut self) {
        self.counters.finished += 1;
        // As in Linux, before the number under way is decreased, so that a page fault sees at least one of the two.
        self.invalidate_seq += 1;
        self.invalidate_in_progress -= 1;
        if self.invalidate_in_progress == 0 {
            self.invalidate_range = None;
        }
    }

    /// Returns whether what a page fault looked up may be stale. Linux's `mmu_invalidate_retry_gfn()`.
    fn invalidate_retry(&self, mmu_seq: u64, gfn: Gfn) -> bool {
        let covered = self.invalidate_range.is_some_and(|(start, end)| start <= gfn && gfn < end);
        covered || self.invalidate_seq != mmu_seq
    }

    /// Sets an spte, unless what was looked up may be stale. Linux's `direct_map()`, after
    /// `is_page_fault_stale()`.
    pub(crate) fn install(
        &mut self,
        gfn: Gfn,
        pfn: Pfn,
        mmu_seq: u64,
        cache: &MmuMemoryCache,
        nb: &NonBlock,
    ) -> Installed {
        if self.invalidate_retry(mmu_seq, gfn) {
            self.counters.pf_retries += 1;
            return Installed::Retry;
        }
        if self.table.misses(gfn) {
            match cache.alloc(nb) {
                Some(page) => self.table.link(gfn, page),
                None => return Installed::CacheEmpty,
            }
        }
        self.table.set(gfn, pfn);
        self.counters.pf_fixed += 1;
        Installed::Fixed
    }

    /// Removes sptes. Returns whether there were any. Linux's `kvm_unmap_gfn_range()`.
    pub(crate) fn unmap(&mut self, gfns: core::ops::Range<Gfn>) -> bool {
        let zapped = gfns.filter(|gfn| self.table.zap(*gfn)).count();
        self.counters.zapped += zapped as u64;
        zapped > 0
    }
}
