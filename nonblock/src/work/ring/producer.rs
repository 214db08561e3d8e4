//! The end of a ring at which items are pushed.

use core::{fmt, iter};

use super::chunk::WriteChunk;
use super::ends::WriteEnd;
use crate::work::full::Full;

/// The end of a ring at which items are pushed. Made by [`ring`](super::ring()).
///
/// # Context
///
/// To push neither sleeps nor waits: it is wait-free, makes no system call, and takes no token. It neither allocates nor
/// releases memory, and runs no code of a user's but what it was given.
///
/// The end that is dropped last drops the items that are left, and releases the memory. This is reported in a section. The end
/// that is dropped first does nothing but leave.
///
/// # Examples
///
/// See the [module](super).
pub struct Producer<T> {
    end: WriteEnd<T>,
}

impl<T> Producer<T> {
    pub(super) fn new(end: WriteEnd<T>) -> Self {
        Self { end }
    }

    /// Pushes an item.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    ///
    /// # Errors
    ///
    /// [`Full`], with the item, if there is no room. A ring whose consumer is gone fills up, and stays full.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::work::{Full, ring};
    ///
    /// let (mut producer, mut consumer) = ring(1);
    /// assert_eq!(producer.push("first"), Ok(()));
    /// assert_eq!(producer.push("second"), Err(Full("second")));
    /// assert_eq!(consumer.pop(), Some("first"));
    /// ```
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), Full<T>> {
        self.end.push(item).map_err(Full)
    }

    /// Copies the first items of a slice into the ring, as many as there is room for. Returns how many.
    ///
    /// The consumer sees all of them at once.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = nonblock::work::ring(4);
    /// assert_eq!(producer.push_slice(&[1, 2, 3]), 3);
    /// assert_eq!(producer.push_slice(&[4, 5, 6]), 1);
    /// let mut samples = [0; 8];
    /// assert_eq!(consumer.pop_slice(&mut samples), 4);
    /// assert_eq!(samples, [1, 2, 3, 4, 0, 0, 0, 0]);
    /// ```
    #[inline]
    #[must_use = "items for which there was no room were not pushed"]
    pub fn push_slice(&mut self, items: &[T]) -> usize
    where
        T: Copy,
    {
        self.end.push_slice(items)
    }

    /// Pushes items of an iterator, until it ends or there is no room. Returns how many.
    ///
    /// The room is that of the beginning, and the consumer sees all items at once. The iterator is not asked for an item for
    /// which there is no room: call this by [`by_ref`](Iterator::by_ref) to push the rest later.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token. It runs the iterator.
    ///
    /// # Panics
    ///
    /// If the iterator panics. Nothing is pushed then: the items that it gave before are dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = nonblock::work::ring(3);
    /// let mut squares = (1..).map(|n| n * n);
    /// assert_eq!(producer.push_iter(squares.by_ref()), 3);
    /// assert_eq!(consumer.pop(), Some(1));
    /// assert_eq!(producer.push_iter(squares.by_ref()), 1);
    /// assert!(consumer.read_chunk(3).into_iter().eq([4, 9, 16]));
    /// ```
    #[inline]
    #[must_use = "items for which there was no room were not pushed"]
    pub fn push_iter(&mut self, items: impl IntoIterator<Item = T>) -> usize {
        let items = items.into_iter();
        let most = items.size_hint().1.unwrap_or(usize::MAX);
        self.end.write(most, items).publish(usize::MAX)
    }

    /// Lends room in the ring, to write items in place.
    ///
    /// The room holds default values. They are pushed as they are left, by [`commit`](WriteChunk::commit). If there is less
    /// room, the chunk is shorter: look at its [`len`](WriteChunk::len).
    ///
    /// # Arguments
    ///
    /// * `most`: how many items to lend room for at most.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token. It runs `T::default`.
    ///
    /// # Panics
    ///
    /// If `T::default` panics. Nothing is pushed then.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = nonblock::work::ring(8);
    /// let mut chunk = producer.write_chunk(4);
    /// let (first, second) = chunk.as_mut_slices();
    /// for (sample, level) in first.iter_mut().chain(second).zip([0.1, 0.2, 0.3]) {
    ///     *sample = level;
    /// }
    /// chunk.commit(3); // the fourth was not needed
    /// assert_eq!(consumer.read_chunk(8).into_iter().collect::<Vec<f32>>(), [0.1, 0.2, 0.3]);
    /// ```
    #[inline]
    pub fn write_chunk(&mut self, most: usize) -> WriteChunk<'_, T>
    where
        T: Default,
    {
        WriteChunk::new(self.end.write(most, iter::repeat_with(T::default)))
    }

    /// Returns for how many items there is room. There may be more by the time that the caller looks at the answer, but not less.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn free(&self) -> usize {
        self.end.capacity() - self.end.len()
    }

    /// Returns how many items are in the ring. There may be fewer by the time that the caller looks at the answer, but not more.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn len(&self) -> usize {
        self.end.len()
    }

    /// Says whether no items are in the ring.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Says whether there is no room. There may be some by the time that the caller looks at the answer.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_full(&self) -> bool {
        self.free() == 0
    }

    /// Returns how many items the ring holds at most.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn capacity(&self) -> usize {
        self.end.capacity()
    }

    /// Says whether the consumer is gone. Nobody pops what is pushed then.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_abandoned(&self) -> bool {
        self.end.is_abandoned()
    }
}

/// It does not show the items: they may be popped meanwhile.
impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("free", &self.free())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}
