//! The device's page table: plain data.

use nonblock::Sleepable;
use nonblock_linux::alloc::{AllocError, Box};
use nonblock_linux::mmu::{PAGE_SIZE, Page, Range};

/// The device's translations of the mirrored range, a place for each page of it.
pub(crate) struct Table {
    range: Range,
    pages: Box<[Option<Page>]>,
}

impl Table {
    /// Makes a table without translations.
    pub(crate) fn new(range: Range, cx: &mut Sleepable) -> Result<Self, AllocError<()>> {
        let pages = Box::from_fn(range.len() / PAGE_SIZE, |_| None, cx)?;
        Ok(Self { range, pages })
    }

    /// The place of a page, if the address lies in the range.
    fn place(&self, address: usize) -> Option<usize> {
        self.range.contains(address).then(|| (address - self.range.start()) / PAGE_SIZE)
    }

    /// Returns the translation of an address.
    pub(crate) fn get(&self, address: usize) -> Option<&Page> {
        self.pages.get(self.place(address)?)?.as_ref()
    }

    /// Makes a translation of an address. Returns the one that it replaces.
    ///
    /// # Errors
    ///
    /// The page, if the address does not lie in the range.
    pub(crate) fn install(&mut self, address: usize, page: Page) -> Result<Option<Page>, Page> {
        match self.place(address).and_then(|place| self.pages.get_mut(place)) {
            Some(place) => Ok(place.replace(page)),
            None => Err(page),
        }
    }

    /// Drops the translations of a range. Returns how many there were.
    pub(crate) fn drop_range(&mut self, range: &Range) -> u64 {
        let Some(common) = self.range.intersection(range) else { return 0 };
        let (start, end) = (common.start() - self.range.start(), common.end() - self.range.start());
        let places = self.pages.get_mut(start / PAGE_SIZE..end / PAGE_SIZE).unwrap_or_default();
        let mut dropped = 0;
        for place in places {
            dropped += u64::from(place.take().is_some());
        }
        dropped
    }
}
