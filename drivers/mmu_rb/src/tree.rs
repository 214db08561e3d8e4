//! The tree of cached buffers, plain data that neither allocates nor frees once it is made.

use nonblock_mm::mmu::Range;

/// A cached buffer. Linux's `struct mmu_rb_node`.
#[derive(Debug)]
pub struct MmuRbNode<T> {
    pub(crate) range: Range,
    pub(crate) data: T,
    /// Greater than that of those used longer ago: its place on Linux's `lru_list`.
    used: u64,
}

impl<T> MmuRbNode<T> {
    /// Returns where the buffer is in the process's memory.
    pub fn range(&self) -> &Range {
        &self.range
    }

    /// Returns what the driver keeps for it.
    pub fn data(&self) -> &T {
        &self.data
    }
}

/// Why a buffer could not be cached. Holds what the driver keeps for it.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsertError<T> {
    /// The cache has no room: evict something first.
    NoRoom(T),
    /// A buffer is cached that has an address in common with it. Linux's `-EINVAL`.
    Overlaps(T),
    /// An invalidation came between: what was pinned may be stale, and is pinned again.
    Stale(T),
}

/// The cached buffers, by their starts. No two overlap.
#[derive(Debug)]
pub(crate) struct Tree<T> {
    nodes: Vec<MmuRbNode<T>>,
    room: usize,
    clock: u64,
    /// How many invalidations are under way.
    in_progress: u64,
    /// How many have begun.
    seq: u64,
}

impl<T> Tree<T> {
    pub(crate) fn with_room(room: usize) -> Self {
        Self { nodes: Vec::with_capacity(room), room, clock: 0, in_progress: 0, seq: 0 }
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

    /// How many invalidations have begun, if all of them have ended.
    pub(crate) fn quiet(&self) -> Option<u64> {
        (self.in_progress == 0).then_some(self.seq)
    }

    /// Where the first buffer is that ends behind an address.
    fn first_behind(&self, address: usize) -> usize {
        self.nodes.partition_point(|node| node.range.end() <= address)
    }

    /// The first buffer that meets a range. Linux's `__mmu_rb_search()`.
    fn search(&self, range: &Range) -> Option<usize> {
        let place = self.first_behind(range.start());
        self.nodes.get(place).filter(|node| node.range.overlaps(range)).map(|_| place)
    }

    pub(crate) fn insert(&mut self, range: Range, data: T, seq: u64) -> Result<(), InsertError<T>> {
        if self.quiet() != Some(seq) {
            Err(InsertError::Stale(data))
        } else if self.search(&range).is_some() {
            Err(InsertError::Overlaps(data))
        } else if self.nodes.len() == self.room {
            Err(InsertError::NoRoom(data))
        } else {
            self.clock += 1;
            self.put_back(MmuRbNode { range, data, used: self.clock });
            Ok(())
        }
    }

    /// Puts a buffer where it was taken from, or a new one where there is room.
    pub(crate) fn put_back(&mut self, node: MmuRbNode<T>) {
        let place = self.first_behind(node.range.start());
        self.nodes.insert(place, node);
    }

    /// Finds the buffer of exactly this range, and notes that it is used.
    pub(crate) fn find_exact(&mut self, range: &Range) -> Option<&MmuRbNode<T>> {
        let place = self.search(range).filter(|place| self.nodes[*place].range == *range)?;
        self.clock += 1;
        let node = &mut self.nodes[place];
        node.used = self.clock;
        Some(node)
    }

    /// Takes the first buffer out that meets a range.
    pub(crate) fn take_meeting(&mut self, range: &Range) -> Option<MmuRbNode<T>> {
        self.search(range).map(|place| self.nodes.remove(place))
    }

    /// Takes the buffer out that was not used for longest, of those that are chosen.
    pub(crate) fn take_oldest(
        &mut self,
        chosen: impl Fn(&MmuRbNode<T>) -> bool,
    ) -> Option<MmuRbNode<T>> {
        let candidates = self.nodes.iter().enumerate().filter(|(_, node)| chosen(node));
        let oldest = candidates.min_by_key(|(_, node)| node.used).map(|(place, _)| place);
        oldest.map(|place| self.nodes.remove(place))
    }

    pub(crate) fn ranges(&self) -> impl Iterator<Item = &Range> {
        self.nodes.iter().map(|node| &node.range)
    }
}
