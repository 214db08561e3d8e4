//! The error of a push into a queue that takes no more items.

use core::error::Error;
use core::fmt;

/// The queue takes no more items: it is full, or shut down. The error holds the item that was to be pushed.
///
/// A [`ring`](mod@super::ring) says the same when it is full. It is never shut down.
///
/// [`Queue::is_closed`](super::Queue::is_closed) tells which of the two. A queue that was closed stays closed. So a queue that is
/// not closed now was full.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::work::{Full, Queue};
///
/// let queue = Queue::with_capacity(1);
/// nonblock::non_block(|nb| {
///     queue.push(nb, "first").unwrap();
///     let Err(Full(item)) = queue.push(nb, "second") else { unreachable!() };
///     assert_eq!(item, "second");
///     assert!(!queue.is_closed(), "it was full: somebody may take an item, and make room");
/// });
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Full<T>(pub T);

impl<T> Full<T> {
    /// Returns the item that was to be pushed.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// It does not show the item, which need not be `Debug`.
impl<T> fmt::Debug for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Full(..)")
    }
}

impl<T> fmt::Display for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue takes no more: it is full, or shut down")
    }
}

impl<T> Error for Full<T> {}
