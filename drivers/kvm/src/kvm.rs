//! One guest: its memory, its page faults, and the callbacks.

use core::{mem, ops};

use nonblock::sync::SpinLock;
use nonblock::{Context, NonBlock, Sleepable, thread};
use nonblock_mm::mmu::{Invalidate, PAGE_SIZE, Range};

use crate::memory_cache::MmuMemoryCache;
use crate::mmu::{Counters, Installed, Mmu};
use crate::spte::{Gfn, PageTable, Pfn, SPTES};
use crate::vcpu::Vcpu;

/// The guest used a page that is not in its page table: the page has to be faulted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EptViolation {
    /// The guest's page.
    pub gfn: Gfn,
}

impl core::fmt::Display for EptViolation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the guest's page {} is not mapped: it has to be faulted in", self.gfn)
    }
}

impl core::error::Error for EptViolation {}

/// A guest whose memory is a part of a process's memory. Linux's `struct kvm`, with one memory slot.
#[derive(Debug)]
pub struct Kvm {
    /// The part of the process's memory that is the guest's memory.
    memslot: Range,
    mmu_lock: SpinLock<Mmu>,
    cache: MmuMemoryCache,
    vcpus: Vec<Vcpu>,
}

impl Kvm {
    /// Makes a guest with an empty page table.
    ///
    /// # Arguments
    ///
    /// * `memslot`: the part of the process's memory that is the guest's memory.
    /// * `vcpus`: how many virtual processors there are.
    pub fn new(memslot: Range, vcpus: usize) -> Self {
        let npages = memslot.pages().len();
        Self {
            memslot,
            mmu_lock: SpinLock::new(Mmu::new(npages)),
            // One page for each page fault that can be under way.
            cache: MmuMemoryCache::with_capacity(vcpus.max(1)),
            vcpus: (0..vcpus).map(|_| Vcpu::default()).collect(),
        }
    }

    /// Returns the number of the guest's page at an address of the process, or `None` if the guest has no page there. Linux's
    /// `hva_to_gfn_memslot()`.
    pub fn gfn(&self, hva: usize) -> Option<Gfn> {
        self.memslot.contains(hva).then(|| (hva - self.memslot.start()) / PAGE_SIZE)
    }

    /// Returns the guest's pages in a range of addresses of the process.
    fn gfns(&self, range: &Range) -> Option<ops::Range<Gfn>> {
        let both = self.memslot.intersection(range)?;
        let gfn = |hva: usize| (hva - self.memslot.start()) / PAGE_SIZE;
        Some(gfn(both.start())..gfn(both.end()))
    }

    /// Has a virtual processor use a page in guest mode. The page stays mapped meanwhile.
    ///
    /// # Arguments
    ///
    /// * `vcpu`: the number of the processor, from 0.
    /// * `gfn`: the number of the page.
    /// * `guest`: what the guest does with the page. It runs in a section.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    ///
    /// # Errors
    ///
    /// [`EptViolation`] if the page is not mapped: see [`page_fault`](Kvm::page_fault).
    ///
    /// # Panics
    ///
    /// If there is no such processor, or no such page.
    pub fn access<C: Context, R>(
        &self,
        vcpu: usize,
        gfn: Gfn,
        cx: &mut C,
        guest: impl FnOnce(Pfn) -> R,
    ) -> Result<R, EptViolation> {
        self.vcpus[vcpu].enter_guest(cx, |tlb, nb| {
            let pfn = tlb.look_up(gfn).or_else(|| {
                // The page walk of the hardware, which sets the accessed bit.
                let mut mmu = self.mmu_lock.lock(nb);
                let spte = mmu.table.spte(gfn)?;
                spte.accessed = true;
                tlb.fill(gfn, spte.pfn);
                Some(spte.pfn)
            });
            pfn.map(guest).ok_or(EptViolation { gfn })
        })
    }

    /// Maps a page that the guest used. Linux's `direct_page_fault()`, repeated as long as that returns `RET_PF_RETRY`.
    ///
    /// # Arguments
    ///
    /// * `gfn`: the number of the page.
    /// * `faultin_pfn`: brings in the page at an address of the process, and returns where it is. It is called again after a
    ///   collision with an invalidation.
    ///
    /// # Context
    ///
    /// May sleep: allocates, and brings the page in. Do not call it on a thread that has an invalidation of the page open.
    ///
    /// # Panics
    ///
    /// If there is no such page.
    pub fn page_fault(
        &self,
        gfn: Gfn,
        cx: &mut Sleepable,
        mut faultin_pfn: impl FnMut(usize, &mut Sleepable) -> Pfn,
    ) {
        let hva = self.memslot.start() + gfn * PAGE_SIZE;
        assert!(self.memslot.contains(hva), "page {gfn}: expected one of the guest's");
        loop {
            // Allocated before `mmu_lock` is taken, since its holder cannot sleep.
            self.cache.topup(cx);
            let mmu_seq = self.mmu_lock.with(cx, |mmu, _nb| mmu.seq());
            let pfn = faultin_pfn(hva, cx);
            let installed =
                self.mmu_lock.with(cx, |mmu, nb| mmu.install(gfn, pfn, mmu_seq, &self.cache, nb));
            match installed {
                Installed::Fixed => return,
                // The guest would run on, into the same fault.
                Installed::Retry => thread::yield_now(cx),
                Installed::CacheEmpty => {}
            }
        }
    }

    /// Has every virtual processor forget its translations. Linux's `kvm_flush_remote_tlbs()`.
    ///
    /// # Context
    ///
    /// Does not sleep: it waits until the processors leave guest mode, in which they cannot sleep either.
    pub fn flush_remote_tlbs<C: Context>(&self, cx: &mut C) {
        self.mmu_lock.with(cx, |mmu, _nb| mmu.counters.remote_tlb_flushes += 1);
        for vcpu in &self.vcpus {
            vcpu.flush_tlb(cx);
        }
    }

    /// Returns how many pages the guest can use without a fault.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    pub fn mapped<C: Context>(&self, cx: &mut C) -> usize {
        self.mmu_lock.with(cx, |mmu, _nb| mmu.table.present())
    }

    /// Returns the counters.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    pub fn counters<C: Context>(&self, cx: &mut C) -> Counters {
        self.mmu_lock.with(cx, |mmu, _nb| mmu.counters)
    }

    /// Returns whether the guest used pages of a range, and clears their accessed bits. Linux's `kvm_age_gfn()`.
    fn age_gfns(&self, range: &Range, nb: &NonBlock) -> bool {
        let Some(gfns) = self.gfns(range) else { return false };
        let mut mmu = self.mmu_lock.lock(nb);
        let mut young = false;
        for gfn in gfns {
            if let Some(spte) = mmu.table.spte(gfn) {
                young |= mem::take(&mut spte.accessed);
            }
        }
        young
    }
}

impl Invalidate for Kvm {
    /// Linux's `kvm_mmu_notifier_invalidate_range_start()`. It never refuses, since it waits only for code that cannot sleep.
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let Some(gfns) = self.gfns(range) else { return Ok(()) };
        let mut flush = false;
        self.mmu_lock.with(cx, |mmu, _nb| mmu.invalidate_begin(&gfns));
        // `may_block`: if the caller may sleep, other threads get `mmu_lock` and the processor between the steps.
        let step = if cx.as_sleepable().is_some() { SPTES } else { gfns.len() };
        let mut next = gfns.start;
        while next < gfns.end {
            let end = gfns.end.min(next + step);
            flush |= self.mmu_lock.with(cx, |mmu, _nb| mmu.unmap(next..end));
            next = end;
            if let Some(cx) = cx.as_sleepable()
                && next < gfns.end
            {
                thread::yield_now(cx);
                self.mmu_lock.with(cx, |mmu, _nb| mmu.counters.rescheduled += 1);
            }
        }
        // Before the pages are freed, and with `mmu_lock` released, since processors take the lock in guest mode.
        if flush {
            self.flush_remote_tlbs(cx);
        }
        Ok(())
    }

    /// Linux's `kvm_mmu_notifier_invalidate_range_end()`.
    fn finish(&self, range: &Range, nb: &mut NonBlock) {
        if self.gfns(range).is_some() {
            self.mmu_lock.lock(nb).invalidate_end();
        }
    }

    /// Linux's `kvm_mmu_notifier_clear_flush_young()`.
    fn age_and_flush(&self, range: &Range, nb: &mut NonBlock) -> bool {
        let young = self.age_gfns(range, nb);
        if young {
            self.flush_remote_tlbs(nb);
        }
        young
    }

    /// Linux's `kvm_mmu_notifier_clear_young()`.
    fn age(&self, range: &Range, nb: &mut NonBlock) -> bool {
        self.age_gfns(range, nb)
    }

    /// Linux's `kvm_mmu_notifier_test_young()`.
    fn is_young(&self, address: usize, nb: &mut NonBlock) -> bool {
        let Some(gfn) = self.gfn(address) else { return false };
        self.mmu_lock.lock(nb).table.spte(gfn).is_some_and(|spte| spte.accessed)
    }

    /// Linux's `kvm_mmu_notifier_release()`.
    fn on_release(&self, cx: &mut Sleepable) {
        // The tables are allocated and freed with no lock held.
        let mut table = PageTable::new(self.memslot.pages().len());
        self.mmu_lock.with(cx, |mmu, _nb| mem::swap(&mut mmu.table, &mut table));
        self.flush_remote_tlbs(cx);
        drop(table);
    }
}
