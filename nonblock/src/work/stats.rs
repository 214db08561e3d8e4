//! The counts of a queue.

use core::fmt;

/// The counts of a queue, since the queue was made.
///
/// They are read one after another. So while the queue is in use, they need not fit together to the last item.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// let queue = nonblock::work::Queue::with_capacity(8);
/// nonblock::non_block(|nb| queue.push(nb, 'a')).unwrap();
/// assert_eq!(
///     queue.stats().to_string(),
///     "pushed: 1, handling: 0, handled: 0 (0 panicked), refused: 0, highest: 1 of 8",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueStats {
    /// How many items the queue holds at most.
    pub capacity: usize,
    /// How many items were pushed.
    pub pushed: usize,
    /// How many items the handlers of workers are handling. An item that is taken by hand counts as handled at once.
    pub handling: usize,
    /// How many items were handled by a worker, or taken by hand.
    pub handled: usize,
    /// How many handlers panicked. Their items count as handled.
    pub panicked: usize,
    /// How many items were refused, because the queue was full or shut down.
    pub refused: usize,
    /// The highest number of items that the queue has held.
    pub highest: usize,
}

/// One line.
impl fmt::Display for QueueStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "pushed: {}, handling: {}, handled: {} ({} panicked), refused: {}, highest: {} of {}",
            self.pushed,
            self.handling,
            self.handled,
            self.panicked,
            self.refused,
            self.highest,
            self.capacity
        )
    }
}
