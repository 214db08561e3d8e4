//! The guest's page table, plain data: sptes in pages of them.

/// A page of the guest's, by its number.
pub type Gfn = usize;

/// A page of the host's, by its number.
pub type Pfn = u64;

/// How many sptes a page of the table has.
pub const SPTES: usize = 64;

/// One entry of the guest's page table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spte {
    /// The page that the guest reaches.
    pub pfn: Pfn,
    /// Whether the guest used it since the note of that was last taken.
    pub accessed: bool,
}

/// A page of sptes. Linux's `struct kvm_mmu_page`, as far as it goes here.
#[derive(Debug)]
pub struct SptePage {
    sptes: [Option<Spte>; SPTES],
}

impl Default for SptePage {
    fn default() -> Self {
        Self { sptes: [None; SPTES] }
    }
}

/// The table: a page of sptes for each part of the guest's memory that it uses.
#[derive(Debug)]
pub(crate) struct PageTable {
    /// As many as there are parts, from the start: filling it in allocates nothing.
    root: Vec<Option<Box<SptePage>>>,
}

impl PageTable {
    /// Makes an empty one for so many pages of the guest's.
    pub(crate) fn new(npages: usize) -> Self {
        Self { root: (0..npages.div_ceil(SPTES)).map(|_| None).collect() }
    }

    /// Says whether a page of sptes is missing for the guest's page.
    pub(crate) fn misses(&self, gfn: Gfn) -> bool {
        self.root[gfn / SPTES].is_none()
    }

    /// Puts a page of sptes where one is missing.
    pub(crate) fn link(&mut self, gfn: Gfn, page: Box<SptePage>) {
        self.root[gfn / SPTES] = Some(page);
    }

    pub(crate) fn spte(&mut self, gfn: Gfn) -> Option<&mut Spte> {
        self.root[gfn / SPTES].as_mut()?.sptes[gfn % SPTES].as_mut()
    }

    /// Sets an spte, in a page of sptes that is there.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub(crate) fn set(&mut self, gfn: Gfn, pfn: Pfn) {
        let page = self.root[gfn / SPTES].as_mut().expect("the page of sptes was linked before");
        page.sptes[gfn % SPTES] = Some(Spte { pfn, accessed: false });
    }

    /// Takes an spte. Says whether there was one.
    pub(crate) fn zap(&mut self, gfn: Gfn) -> bool {
        self.root[gfn / SPTES].as_mut().is_some_and(|page| page.sptes[gfn % SPTES].take().is_some())
    }

    pub(crate) fn present(&self) -> usize {
        self.root.iter().flatten().map(|page| page.sptes.iter().flatten().count()).sum()
    }
}
