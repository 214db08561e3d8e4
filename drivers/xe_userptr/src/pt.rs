//! The device's page table of one range: plain data.

use core::ops;

use nonblock_mm::mmu::{PAGE_SIZE, Range};

use crate::tlb_inval::Seqno;

/// An address by which the device reaches a page.
pub type DmaAddr = u64;

/// The device's entry for each page of the range, and the last flush that followed a removal. Linux's `struct xe_pt`.
#[derive(Debug)]
pub(crate) struct Pt {
    range: Range,
    entries: Vec<Option<DmaAddr>>,
    pub(crate) last_flush: Seqno,
}

impl Pt {
    pub(crate) fn new(range: Range) -> Self {
        let last_flush = Seqno::default();
        Self { range, entries: vec![None; range.pages().len()], last_flush }
    }

    fn index(&self, address: usize) -> usize {
        (address - self.range.start()) / PAGE_SIZE
    }

    /// Returns the indexes of the pages that the table has in common with a range.
    fn in_range(&self, range: &Range) -> ops::Range<usize> {
        let indexes = |both: Range| self.index(both.start())..self.index(both.end());
        self.range.intersection(range).map_or(0..0, indexes)
    }

    pub(crate) fn get(&self, address: usize) -> Option<DmaAddr> {
        self.entries[self.index(address)]
    }

    pub(crate) fn mapped(&self) -> usize {
        self.entries.iter().flatten().count()
    }

    pub(crate) fn bind(&mut self, address: usize, dma_addr: DmaAddr) {
        let index = self.index(address);
        self.entries[index] = Some(dma_addr);
    }

    /// Removes the entries of a range. Returns whether there were any. Linux's `xe_pt_zap_ptes()`.
    pub(crate) fn zap(&mut self, range: &Range) -> bool {
        let indexes = self.in_range(range);
        self.entries[indexes].iter_mut().filter_map(Option::take).count() > 0
    }
}
