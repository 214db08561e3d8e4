//! The tree of cached buffers: plain data that neither allocates nor frees after it was made.

use nonblock_mm::mmu::Range;

/// A cached buffer. Linux's `struct mmu_rb_node`.
#[derive(Debug)]
pub struct MmuRbNode<T> {
    pub(crate) range: Range,
    pub(crate) data: T,
    /// When the buffer was last used, by the tree's clock. In Linux, the position on `lru_list` tells this.
    used: u64,
}

impl<T> MmuRbNode<T> {
    /// Returns where the buffer is in the process's memory.
    pub fn range(&self) -> &Range {
        &self.range
    }

    /// Returns what the driver keeps for the buffer.
    pub fn data(&self) -> &T {
        &self.data
    }
}

/// Why a buffer could not be cached. It gives back what the driver keeps for the buffer.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsertError<T> {
    /// The cache has no room: evict something first.
    NoRoom(T),
    /// A cached buffer has an address in common with it. Linux's `-EINVAL`.
    Overlaps(T),
    /// An invalidation came in between: what was pinned may be stale, and must be pinned again.
    Stale(T),
}

/// The cached buffers, in the order of their starts. No two overlap.
#[derive(Debug)]
pub(crate) struct Tree<T> {
    nodes: Vec<MmuRbNode<T>>,
    capacity: usize,
    clock: u64,
    /// How many invalidations are under way.
    in_progress: u64,
    /// How many invalidations have begun.
    seq: u64,
}

impl<T> Tree<T> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { nodes: Vec::with_capacity(capacity), capacity, clock: 0, in_progress: 0, seq: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn invalidate_begin(&mut self) {
        self.in_progress += 1;
        self.seq += 1;
    }

    pub(crate) fn invalidate_end(&mut self) {
        self.in_progress -= 1;
    }

    /// Returns how many invalidations have begun, if all of them have ended.
    pub(crate) fn read_begin(&self) -> Option<u64> {
        (self.in_progress == 0).then_some(self.seq)
    }

    /// Returns the index of the first buffer that ends after an address.
    fn first_ending_after(&self, address: usize) -> usize {
        self.nodes.partition_point(|node| node.range.end() <= address)
    }

    /// Returns the index of the first buffer that overlaps a range. Linux's `__mmu_rb_search()`.
    fn search(&self, range: &Range) -> Option<usize> {
        let index = self.first_ending_after(range.start());
        self.nodes.get(index).filter(|node| node.range.overlaps(range)).map(|_| index)
    }

    pub(crate) fn insert(&mut self, range: Range, data: T, seq: u64) -> Result<(), InsertError<T>> {
        if self.read_begin() != Some(seq) {
            Err(InsertError::Stale(data))
        } else if self.search(&range).is_some() {
            Err(InsertError::Overlaps(data))
        } else if self.nodes.len() == self.capacity {
            Err(InsertError::NoRoom(data))
        } else {
            self.clock += 1;
            self.put_back(MmuRbNode { range, data, used: self.clock });
            Ok(())
        }
    }

    /// Puts back a buffer that was taken, or adds a new one if there is room.
    pub(crate) fn put_back(&mut self, node: MmuRbNode<T>) {
        let index = self.first_ending_after(node.range.start());
        self.nodes.insert(index, node);
    }

    /// Finds the buffer of exactly this range, and marks it as used now.
    pub(crate) fn find_exact(&mut self, range: &Range) -> Option<&MmuRbNode<T>> {
        let index = self.search(range).filter(|index| self.nodes[*index].range == *range)?;
        self.clock += 1;
        let node = &mut self.nodes[index];
        node.used = self.clock;
        Some(node)
    }

    /// Takes out the first buffer that overlaps a range.
    pub(crate) fn take_overlapping(&mut self, range: &Range) -> Option<MmuRbNode<T>> {
        self.search(range).map(|index| self.nodes.remove(index))
    }

    /// Takes out the least recently used of the chosen buffers.
    pub(crate) fn take_least_recent(
        &mut self,
        chosen: impl Fn(&MmuRbNode<T>) -> bool,
    ) -> Option<MmuRbNode<T>> {
        let candidates = self.nodes.iter().enumerate().filter(|(_, node)| chosen(node));
        let least_recent = candidates.min_by_key(|(_, node)| node.used).map(|(index, _)| index);
        least_recent.map(|index| self.nodes.remove(index))
    }

    pub(crate) fn ranges(&self) -> impl Iterator<Item = &Range> {
        self.nodes.iter().map(|node| &node.range)
    }
}
