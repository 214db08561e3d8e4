//! Chunks: several items of a ring, lent in place.

use core::fmt;
use core::iter::FusedIterator;

use super::ends::{ReadEnd, Taking, Written};

/// Room in a ring, lent to write items in place. Made by [`Producer::write_chunk`](super::Producer::write_chunk).
///
/// It is two slices, since the room may go round the end of the ring's memory. They hold default values at first.
///
/// # Context
///
/// Everything on it may be called anywhere. Items that are not [committed](WriteChunk::commit) are dropped with it.
///
/// # Examples
///
/// See [`Producer::write_chunk`](super::Producer::write_chunk).
#[must_use = "nothing is pushed until the chunk is committed"]
pub struct WriteChunk<'a, T> {
    written: Written<'a, T>,
}

impl<'a, T> WriteChunk<'a, T> {
    pub(super) fn new(written: Written<'a, T>) -> Self {
        Self { written }
    }

    /// Returns how many items there is room for in the chunk.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn len(&self) -> usize {
        self.written.len()
    }

    /// Says whether there is no room in the chunk.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lends the items, to write to them. Those of the second slice come after those of the first.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[inline]
    pub fn as_mut_slices(&mut self) -> (&mut [T], &mut [T]) {
        self.written.slices_mut()
    }

    /// Pushes the first items, up to so many, and drops the others. Returns how many it pushed.
    ///
    /// The consumer sees all of them at once.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token. It drops items where it does not push all.
    ///
    /// # Panics
    ///
    /// If the drop of an item panics. The first ones are pushed all the same.
    #[inline]
    pub fn commit(self, most: usize) -> usize {
        self.written.publish(most)
    }

    /// Pushes all items. Returns how many there are.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    #[inline]
    pub fn commit_all(self) -> usize {
        self.commit(usize::MAX)
    }
}

impl<T: fmt::Debug> fmt::Debug for WriteChunk<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.written.slices())
    }
}

/// Items of a ring, lent in place. Made by [`Consumer::read_chunk`](super::Consumer::read_chunk).
///
/// It is two slices, since the items may go round the end of the ring's memory. As an iterator it moves them out. Items that
/// are neither [committed](ReadChunk::commit) nor moved out stay in the ring.
///
/// # Context
///
/// Everything on it may be called anywhere. To commit drops items.
///
/// # Examples
///
/// See [`Consumer::read_chunk`](super::Consumer::read_chunk).
#[must_use = "the items stay in the ring until the chunk is committed"]
pub struct ReadChunk<'a, T> {
    end: &'a mut ReadEnd<T>,
    len: usize,
}

impl<'a, T> ReadChunk<'a, T> {
    pub(super) fn new(end: &'a mut ReadEnd<T>, len: usize) -> Self {
        Self { end, len }
    }

    /// Returns how many items are in the chunk.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Says whether no items are in the chunk.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Lends the items. Those of the second slice come after those of the first.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[inline]
    pub fn as_slices(&self) -> (&[T], &[T]) {
        self.end.slices(self.len)
    }

    /// Lends the items, to change them too.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[inline]
    pub fn as_mut_slices(&mut self) -> (&mut [T], &mut [T]) {
        self.end.slices_mut(self.len)
    }

    /// Drops the first items, up to so many, and makes room for others. Returns how many they were.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token, unless the drop of an item does. Move items out that a section should not drop.
    ///
    /// # Panics
    ///
    /// If the drop of an item panics. The first ones are gone all the same.
    #[inline]
    pub fn commit(self, most: usize) -> usize {
        self.end.discard(most.min(self.len))
    }

    /// Drops all items of the chunk. Returns how many they were.
    ///
    /// # Context
    ///
    /// As [`commit`](ReadChunk::commit).
    ///
    /// # Panics
    ///
    /// As [`commit`](ReadChunk::commit).
    #[inline]
    pub fn commit_all(self) -> usize {
        self.commit(usize::MAX)
    }
}

impl<T: fmt::Debug> fmt::Debug for ReadChunk<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.as_slices())
    }
}

/// It moves the items out.
impl<'a, T> IntoIterator for ReadChunk<'a, T> {
    type Item = T;
    type IntoIter = ReadChunkIter<'a, T>;

    #[inline]
    fn into_iter(self) -> ReadChunkIter<'a, T> {
        ReadChunkIter { taking: self.end.take(self.len) }
    }
}

/// Moves the items of a [`ReadChunk`] out, one by one.
///
/// Items that it was not asked for stay in the ring. The producer gets the room when the iterator is dropped.
///
/// # Context
///
/// Everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// let (mut producer, mut consumer) = nonblock::work::ring(4);
/// assert_eq!(producer.push_iter(["a", "b", "c"].map(String::from)), 3);
/// let moved: Vec<String> = consumer.read_chunk(4).into_iter().take(2).collect();
/// assert_eq!(moved, ["a", "b"]);
/// assert_eq!(consumer.pop().as_deref(), Some("c"));
/// ```
#[must_use = "nothing is moved out until it is asked for"]
pub struct ReadChunkIter<'a, T> {
    taking: Taking<'a, T>,
}

impl<T> Iterator for ReadChunkIter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.taking.next()
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.taking.left(), Some(self.taking.left()))
    }
}

impl<T> ExactSizeIterator for ReadChunkIter<'_, T> {}

impl<T> FusedIterator for ReadChunkIter<'_, T> {}

impl<T: fmt::Debug> fmt::Debug for ReadChunkIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.taking.slices())
    }
}

/// Shows items as a list.
fn show<T: fmt::Debug>(f: &mut fmt::Formatter<'_>, (first, second): (&[T], &[T])) -> fmt::Result {
    f.debug_list().entries(first).entries(second).finish()
}
