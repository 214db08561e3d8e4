//! The device's translations of one region, plain data.

use core::ops;

use nonblock_mm::mmu::{PAGE_SIZE, Range};

/// An address by which the device reaches a page.
pub type DmaAddr = u64;

/// Which page of the region the device reaches by which address. Linux's `dma_list` and `page_list` of `struct ib_umem_odp`.
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

    /// The places of those pages that the region has in common with a range: none, if it does not meet it.
    fn in_range(&self, range: &Range) -> ops::Range<usize> {
        let place = |address: usize| (address - self.range.start()) / PAGE_SIZE;
        self.range.intersection(range).map_or(0..0, |both| place(both.start())..place(both.end()))
    }

    /// Returns how many pages are mapped.
    pub fn npages(&self) -> usize {
        self.npages
    }

    /// Returns how the device reaches the page at an address of the region's, if it does.
    pub fn dma_addr(&self, address: usize) -> Option<DmaAddr> {
        self.dma_list[(address - self.range.start()) / PAGE_SIZE]
    }

    /// Says whether the device reaches a page of the range.
    pub fn meets(&self, range: &Range) -> bool {
        self.dma_list[self.in_range(range)].iter().any(Option::is_some)
    }

    /// Lets the device reach the page at an address. Says whether it did not before. Linux's
    /// `ib_umem_odp_map_dma_single_page()`.
    pub(crate) fn map(&mut self, address: usize, dma_addr: DmaAddr) -> bool {
        let place = (address - self.range.start()) / PAGE_SIZE;
        let added = self.dma_list[place].replace(dma_addr).is_none();
        self.npages += usize::from(added);
        added
    }

    /// Takes the pages of a range from the device. Returns how many. Linux's `ib_umem_odp_unmap_dma_pages()`.
    pub(crate) fn unmap(&mut self, range: &Range) -> usize {
        let places = self.in_range(range);
        let unmapped = self.dma_list[places].iter_mut().filter_map(Option::take).count();
        self.npages -= unmapped;
        unmapped
    }
}
