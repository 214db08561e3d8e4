//! The end of a ring at which items are popped.

use core::fmt;

use super::chunk::ReadChunk;
use super::ends::ReadEnd;

/// The end of a ring at which items are popped. Made by [`ring`](super::ring()).
///
/// # Context
///
/// To pop neither sleeps nor waits: it is wait-free, makes no system call, and takes no token. It neither allocates nor
/// releases memory. An item that was popped is the caller's, who may not want to drop it in a section.
///
/// The end that is dropped last drops the items that are left, and releases the memory. This is reported in a section. The end
/// that is dropped first does nothing but leave.
///
/// # Examples
///
/// See the [module](super).
pub struct Consumer<T> {
    end: ReadEnd<T>,
}

impl<T> Consumer<T> {
    pub(super) fn new(end: ReadEnd<T>) -> Self {
        Self { end }
    }

    /// Pops the first item. `None` if there is none.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = nonblock::work::ring(2);
    /// producer.push(1).unwrap();
    /// assert_eq!(consumer.pop(), Some(1));
    /// assert_eq!(consumer.pop(), None);
    /// ```
    #[inline]
    #[must_use = "an item that is not kept is dropped here"]
    pub fn pop(&mut self) -> Option<T> {
        self.end.pop()
    }

    /// Copies the first items out into a slice, as many as there are and it has room for. Returns how many.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    ///
    /// # Examples
    ///
    /// An audio callback that plays silence where nothing has come:
    ///
    /// ```
    /// let (mut producer, mut consumer) = nonblock::work::ring::<f32>(64);
    /// assert_eq!(producer.push_slice(&[0.5, 0.25]), 2);
    ///
    /// let mut output = [1.0; 4];
    /// nonblock::non_block(|_nb| {
    ///     let played = consumer.pop_slice(&mut output);
    ///     output[played..].fill(0.0);
    /// });
    /// assert_eq!(output, [0.5, 0.25, 0.0, 0.0]);
    /// ```
    #[inline]
    #[must_use = "where there were fewer items, the rest of the slice is as it was"]
    pub fn pop_slice(&mut self, items: &mut [T]) -> usize
    where
        T: Copy,
    {
        self.end.pop_slice(items)
    }

    /// Lends the first item, and leaves it in the ring. `None` if there is none.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = nonblock::work::ring(2);
    /// producer.push("note").unwrap();
    /// assert_eq!(consumer.peek(), Some(&"note"));
    /// assert_eq!(consumer.pop(), Some("note"));
    /// assert_eq!(consumer.peek(), None);
    /// ```
    #[inline]
    pub fn peek(&mut self) -> Option<&T> {
        self.end.look(1);
        self.end.slices(1).0.first()
    }

    /// Lends the first items, to read or change them in place, or to take them out one by one.
    ///
    /// If there are fewer, the chunk is shorter: look at its [`len`](ReadChunk::len).
    ///
    /// # Arguments
    ///
    /// * `most`: how many items to lend at most.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = nonblock::work::ring(8);
    /// assert_eq!(producer.push_slice(&[1, 2, 3, 4]), 4);
    ///
    /// let chunk = consumer.read_chunk(3);
    /// let (first, second) = chunk.as_slices();
    /// assert_eq!(first.iter().chain(second).sum::<i32>(), 6);
    /// chunk.commit(2); // two are done with, the third is still wanted
    /// assert_eq!(consumer.pop(), Some(3));
    /// ```
    #[inline]
    pub fn read_chunk(&mut self, most: usize) -> ReadChunk<'_, T> {
        let len = self.end.look(most);
        ReadChunk::new(&mut self.end, len)
    }

    /// Returns how many items are in the ring. There may be more by the time that the caller looks at the answer, but not fewer.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn len(&self) -> usize {
        self.end.len()
    }

    /// Says whether no items are in the ring. There may be some by the time that the caller looks at the answer.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns for how many items there is room. There may be less by the time that the caller looks at the answer, but not more.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn free(&self) -> usize {
        self.end.capacity() - self.end.len()
    }

    /// Returns how many items the ring holds at most.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn capacity(&self) -> usize {
        self.end.capacity()
    }

    /// Says whether the producer is gone. If so, no items come but those that are [left](Consumer::len).
    ///
    /// Ask this first, and then look for items: what was pushed before the producer went is seen then.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = nonblock::work::ring(2);
    /// producer.push("last").unwrap();
    /// drop(producer);
    ///
    /// let is_last_round = consumer.is_abandoned();
    /// assert_eq!(consumer.pop(), Some("last"));
    /// assert!(is_last_round && consumer.pop().is_none(), "nothing is lost");
    /// ```
    pub fn is_abandoned(&self) -> bool {
        self.end.is_abandoned()
    }
}

/// It does not show the items.
impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}
