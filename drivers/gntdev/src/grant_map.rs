//! One grant map: granted pages that a process maps in one piece.

use core::ops;
use std::sync::Arc;

use nonblock::{Context, Sleepable};
use nonblock_mm::mmu::{PAGE_SIZE, Range};

use crate::hypervisor::{GrantRef, GrantedPage, Hypervisor};

/// Pages that other domains granted, and where the process has them. Linux's `struct gntdev_grant_map`.
#[derive(Debug)]
pub struct GrantMap {
    index: usize,
    grants: Vec<GrantRef>,
    vma: Option<Vma>,
}

/// Where a grant map is in the process's memory.
#[derive(Debug)]
struct Vma {
    range: Range,
    /// By its place in the range, each page that is still mapped.
    pages: Vec<Option<Arc<GrantedPage>>>,
}

impl GrantMap {
    pub(crate) fn new(index: usize, grants: Vec<GrantRef>) -> Self {
        Self { index, grants, vma: None }
    }

    /// Returns the number by which the process knows the map.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns how many pages it has, mapped or not.
    pub fn count(&self) -> usize {
        self.grants.len()
    }

    /// Returns where the process has it.
    pub fn vma(&self) -> Option<&Range> {
        self.vma.as_ref().map(|vma| &vma.range)
    }

    /// Maps every page. The range is as long as the map, and nothing else is there.
    pub(crate) fn map_grant_pages(
        &mut self,
        hypervisor: &Hypervisor,
        range: Range,
        cx: &mut Sleepable,
    ) {
        let pages = self.grants.iter().zip(range.pages());
        let pages = pages.map(|(grant, address)| Some(hypervisor.map_ref(*grant, address, cx)));
        self.vma = Some(Vma { range, pages: pages.collect() });
    }

    /// Which of its pages are in a range, and mapped still. Linux's `in_range()` looks at the range alone.
    fn in_range(&self, range: &Range) -> Option<ops::Range<usize>> {
        let vma = self.vma.as_ref()?;
        let both = vma.range.intersection(range)?;
        let from = |address: usize| (address - vma.range.start()) / PAGE_SIZE;
        let offsets = from(both.start())..from(both.end());
        vma.pages[offsets.clone()].iter().any(Option::is_some).then_some(offsets)
    }

    /// Unmaps what it has in a range, or refuses, since that means to wait.
    ///
    /// Linux's `unmap_if_in_range()`, whose `blockable` is the context here.
    ///
    /// # Context
    ///
    /// Either. Waits for the hypervisor with a `Sleepable`.
    ///
    /// # Errors
    ///
    /// The context's refusal, in a section, if anything is mapped there.
    pub fn unmap_if_in_range<C: Context>(
        &mut self,
        hypervisor: &Hypervisor,
        range: &Range,
        cx: &mut C,
    ) -> Result<(), C::Refusal> {
        let Some(offsets) = self.in_range(range) else { return Ok(()) };
        self.unmap_grant_pages(hypervisor, offsets, cx.or_refuse()?);
        Ok(())
    }

    /// Unmaps those of its pages that are still mapped, in one batch, and waits for it.
    ///
    /// # Arguments
    ///
    /// * `offsets`: which pages, by their places in the map.
    ///
    /// # Context
    ///
    /// May sleep: waits until nobody uses the pages.
    ///
    /// # Panics
    ///
    /// If there are no such pages.
    #[track_caller]
    pub fn unmap_grant_pages(
        &mut self,
        hypervisor: &Hypervisor,
        offsets: ops::Range<usize>,
        cx: &mut Sleepable,
    ) {
        let Some(vma) = &mut self.vma else { return };
        let batch: Vec<_> = vma.pages[offsets].iter_mut().filter_map(Option::take).collect();
        if !batch.is_empty() {
            hypervisor.unmap_refs_sync(batch, cx);
        }
    }

    /// Unmaps every page, and forgets where the map was.
    pub(crate) fn close(&mut self, hypervisor: &Hypervisor, cx: &mut Sleepable) {
        self.unmap_grant_pages(hypervisor, 0..self.mapped_len(), cx);
        self.vma = None;
    }

    fn mapped_len(&self) -> usize {
        self.vma.as_ref().map_or(0, |vma| vma.pages.len())
    }

    /// Returns the page at an address, if it is mapped.
    pub fn page(&self, address: usize) -> Option<&Arc<GrantedPage>> {
        let vma = self.vma.as_ref().filter(|vma| vma.range.contains(address))?;
        vma.pages[(address - vma.range.start()) / PAGE_SIZE].as_ref()
    }
}
