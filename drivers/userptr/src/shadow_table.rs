//! The shadow page table, which tells which pages of the process the device can reach.

use std::collections::BTreeMap;

use nonblock_mm::mmu::{PAGE_SIZE, Range};

/// The device's page table, a shadow of the process's page table.
///
/// It maps the number of a page (its address divided by [`PAGE_SIZE`]) to the slot of the device that holds the page.
#[derive(Debug, Default)]
pub struct ShadowTable {
    slots: BTreeMap<usize, u64>,
    next_slot: u64,
}

/// Returns the numbers of the pages in a range.
fn pages(range: &Range) -> core::ops::Range<usize> {
    range.start() / PAGE_SIZE..range.end() / PAGE_SIZE
}

impl ShadowTable {
    /// Lets the device reach every page of the range. Returns how many were not mapped before.
    pub fn map(&mut self, range: &Range) -> usize {
        let mut added = 0;
        for page in pages(range) {
            if let std::collections::btree_map::Entry::Vacant(slot) = self.slots.entry(page) {
                slot.insert(self.next_slot);
                self.next_slot += 1;
                added += 1;
            }
        }
        added
    }

    /// Takes every page of the range from the device. Returns how many were mapped.
    pub fn unmap(&mut self, range: &Range) -> usize {
        let before = self.slots.len();
        for page in pages(range) {
            self.slots.remove(&page);
        }
        before - self.slots.len()
    }

    /// Takes every page from the device. Returns how many were mapped.
    pub fn clear(&mut self) -> usize {
        std::mem::take(&mut self.slots).len()
    }

    /// Returns the device's slot for the page at an address, if it is mapped.
    pub fn slot(&self, address: usize) -> Option<u64> {
        self.slots.get(&(address / PAGE_SIZE)).copied()
    }

    /// Returns how many pages are mapped.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns whether no page is mapped.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}
