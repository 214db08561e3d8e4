//! Work that a section leaves to a thread that may sleep.

use core::error::Error;
use core::fmt;

use nonblock::Sleepable;

pub use crate::half::work::Queue;

/// What handles the items of a [`Queue`].
///
/// # Examples
///
/// See [`Queue`].
pub trait Handle: Send + Sync + 'static {
    /// What is pushed.
    type Item: Send;

    /// Handles one item. Items are handled one after another, in the order in which they were pushed.
    ///
    /// # Context
    ///
    /// May sleep: it runs on a thread of its own.
    fn handle(&self, item: Self::Item, cx: &mut Sleepable);
}

/// The queue is full. The error holds the item that was to be pushed.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere, but to drop it drops the item.
///
/// # Examples
///
/// See [`Queue`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Full<T>(pub T);

impl<T> Full<T> {
    /// Returns the item that was to be pushed.
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
        f.write_str("the queue is full")
    }
}

impl<T> Error for Full<T> {}
