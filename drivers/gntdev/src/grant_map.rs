//! One grant map: granted pages that a process maps as one range.

use core::ops;
use std::sync::Arc;

use nonblock::{Context, Sleepable};
use nonblock_mm::mmu::{PAGE_SIZE, Range};

use crate::hypervisor::{GrantRef, GrantedPage, Hypervisor};

/// Pages that other domains granted, and where the process has them mapped. Linux's `struct gntdev_grant_map`.
#[derive(Debug)]
pub struct GrantMap {
    index: usize,
    grants: Vec<GrantRef>,
    vma: Option<Vma>,
}

/// The place of a grant map in the process's memory.
#[derive(Debug)]
struct Vma {
    range: Range,
    /// The pages in the order of the range; `None` for a page that is no longer mapped.
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

    /// Returns how many pages the map has, mapped or not.
    pub fn count(&self) -> usize {
        self.grants.len()
    }

    /// Returns where the process has the map.
    pub fn vma(&self) -> Option<&Range> {
        self.vma.as_ref().map(|vma| &vma.range)
    }

    /// Maps every page. The range must have the map's length, and nothing else may be mapped there.
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

    /// Returns which of the map's pages are in a range, or `None` if none of them is still mapped. Linux's `in_range()`
    /// looks at the range only.
    fn in_range(&self, range: &Range) -> Option<ops::Range<usize>> {
        let vma = self.vma.as_ref()?;
        let both = vma.range.intersection(range)?;
        let from = |address: usize| (address - vma.range.start()) / PAGE_SIZE;
        let offsets = from(both.start())..from(both.end());
        vma.pages[offsets.clone()].iter().any(Option::is_some).then_some(offsets)
    }

    /// Unmaps the map's pages in a range. This waits, so it refuses in a section.
    ///
    /// Linux's `unmap_if_in_range()`. Its flag `blockable` is the context here.
    ///
    /// # Context
    ///
    /// Either. With a `Sleepable` it waits for the hypervisor.
    ///
    /// # Errors
    ///
    /// In a section, the context's refusal if a page is mapped in the range.
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

    /// Unmaps some of the map's pages in one batch, and waits for it. Pages that are already unmapped are skipped.
    ///
    /// # Arguments
    ///
    /// * `offsets`: the indexes of the pages in the map.
    ///
    /// # Context
    ///
    /// May sleep: waits until nobody uses the pages.
    ///
    /// # Panics
    ///
    /// If an index is out of bounds.
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

    /// Unmaps every page, and forgets the map's range.
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
