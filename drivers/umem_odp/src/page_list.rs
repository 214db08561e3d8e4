//! The device's translations of one region: plain data.

use core::ops;

use nonblock_mm::mmu::{PAGE_SIZE, Range};

/// An address by which the device reaches a page.
pub type DmaAddr = u64;

/// The device's address of each page of the region that it can reach. Linux's `dma_list` and `page_list` of
/// `struct ib_umem_odp`.
#[derive(Debug)]
pub struct PageList {
    range: Range,
    dma_list: Vec<Option<DmaAddr>>,
    npages: usize,
}

impl PageList {
    pub(crate) fn new(range: Range) -> Self {
        Self { range, dma_list: vec![None; range.pages().len()], npages: 0 }
    }

    /// Returns the indexes of the pages that the region has in common with a range.
    fn in_range(&self, range: &Range) -> ops::Range<usize> {
        let index = |address: usize| (address - self.range.start()) / PAGE_SIZE;
        self.range.intersection(range).map_or(0..0, |both| index(both.start())..index(both.end()))
    }

    /// Returns how many pages are mapped.
    pub fn npages(&self) -> usize {
        self.npages
    }

    /// Returns the device's address of the page at an address in the region, if the page is mapped.
    pub fn dma_addr(&self, address: usize) -> Option<DmaAddr> {
        self.dma_list[(address - self.range.start()) / PAGE_SIZE]
    }

    /// Returns whether the device can reach a page of the range.
    pub fn meets(&self, range: &Range) -> bool {
        self.dma_list[self.in_range(range)].iter().any(Option::is_some)
    }

    /// Lets the device reach the page at an address. Returns whether it could not before. Linux's
    /// `ib_umem_odp_map_dma_single_page()`.
    pub(crate) fn map(&mut self, address: usize, dma_addr: DmaAddr) -> bool {
        let index = (address - self.range.start()) / PAGE_SIZE;
        let added = self.dma_list[index].replace(dma_addr).is_none();
        self.npages += usize::from(added);
        added
    }

    /// Takes the pages of a range from the device. Returns how many. Linux's `ib_umem_odp_unmap_dma_pages()`.
    pub(crate) fn unmap(&mut self, range: &Range) -> usize {
        let indexes = self.in_range(range);
        let unmapped = self.dma_list[indexes].iter_mut().filter_map(Option::take).count();
        self.npages -= unmapped;
        unmapped
    }
}
