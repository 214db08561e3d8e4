//! Allocations, whose context says how.

use core::error::Error;
use core::fmt;

pub use crate::half::alloc::Box;

/// There was no memory. It holds the value that was to be kept there.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere, but to drop it drops the value.
///
/// # Examples
///
/// ```
/// use nonblock_linux::alloc::{AllocError, Box};
///
/// // In a section there may be no memory. Then the item is put off, and not lost.
/// fn keep(item: u64, kept: &mut Option<Box<u64>>) -> Result<(), u64> {
///     *kept = Some(nonblock::raw::non_block(|nb| Box::new(item, nb)).map_err(AllocError::into_inner)?);
///     Ok(())
/// }
/// # assert_eq!(keep(7, &mut None), Ok(()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AllocError<T>(T);

impl<T> AllocError<T> {
    /// Makes the error of a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value that was to be kept.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// It does not show the value, which need not be `Debug`.
impl<T> fmt::Debug for AllocError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AllocError(..)")
    }
}

impl<T> fmt::Display for AllocError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no memory for this now")
    }
}

impl<T> Error for AllocError<T> {}
