//! The guest's page table: plain data, pages of sptes.

/// The number of a page of the guest.
pub type Gfn = usize;

/// The number of a page of the host.
pub type Pfn = u64;

/// How many sptes a page of the page table has.
pub const SPTES: usize = 64;

/// One entry of the guest's page table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spte {
    /// The host's page that the entry points to.
    pub pfn: Pfn,
    /// Whether the guest used the page since this was last cleared.
    pub accessed: bool,
}

/// A page of sptes: the part of Linux's `struct kvm_mmu_page` that is needed here.
#[derive(Debug)]
pub struct SptePage {
    sptes: [Option<Spte>; SPTES],
}

impl Default for SptePage {
    fn default() -> Self {
        Self { sptes: [None; SPTES] }
    }
}

/// The page table: a page of sptes for each part of the guest's memory that has been used.
#[derive(Debug)]
pub(crate) struct PageTable {
    /// Has all its slots from the start, so that linking a page allocates nothing.
    root: Vec<Option<Box<SptePage>>>,
}

impl PageTable {
    /// Makes an empty page table for `npages` pages of the guest.
    pub(crate) fn new(npages: usize) -> Self {
        Self { root: (0..npages.div_ceil(SPTES)).map(|_| None).collect() }
    }

    /// Returns whether the page of sptes for this page of the guest is missing.
    pub(crate) fn misses(&self, gfn: Gfn) -> bool {
        self.root[gfn / SPTES].is_none()
    }

    /// Adds the missing page of sptes for this page of the guest.
    pub(crate) fn link(&mut self, gfn: Gfn, page: Box<SptePage>) {
        self.root[gfn / SPTES] = Some(page);
    }

    pub(crate) fn spte(&mut self, gfn: Gfn) -> Option<&mut Spte> {
        self.root[gfn / SPTES].as_mut()?.sptes[gfn % SPTES].as_mut()
    }

    /// Sets an spte.
    ///
    /// # Panics
    ///
    /// If the page of sptes is missing.
    pub(crate) fn set(&mut self, gfn: Gfn, pfn: Pfn) {
        let page = self.root[gfn / SPTES].as_mut().expect("the page of sptes was linked before");
        page.sptes[gfn % SPTES] = Some(Spte { pfn, accessed: false });
    }

    /// Removes an spte. Returns whether there was one.
    pub(crate) fn zap(&mut self, gfn: Gfn) -> bool {
        self.root[gfn / SPTES].as_mut().is_some_and(|page| page.sptes[gfn % SPTES].take().is_some())
    }

    pub(crate) fn present(&self) -> usize {
        self.root.iter().flatten().map(|page| page.sptes.iter().flatten().count()).sum()
    }
}
