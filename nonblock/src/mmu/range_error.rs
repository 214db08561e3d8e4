//! Why a range could not be made.

use core::error::Error;
use core::fmt;

use super::range::PAGE_SIZE;

/// Why a [`Range`](super::Range) could not be made. Addresses are written in hexadecimal, lengths in bytes.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::mmu::{Range, RangeError};
///
/// let error = Range::new(0x3000, 0x1000).unwrap_err();
/// assert_eq!(error, RangeError::Reversed { start: 0x3000, end: 0x1000 });
/// assert_eq!(format!("{error:?}"), "Reversed { start: 0x3000, end: 0x1000 }");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RangeError {
    /// The range would hold no address.
    Empty {
        /// Where it would start, and end.
        start: usize,
    },
    /// The end lies before the start.
    Reversed {
        /// The start that was asked for.
        start: usize,
        /// The end that was asked for.
        end: usize,
    },
    /// The start is no multiple of [`PAGE_SIZE`].
    UnalignedStart {
        /// The start that was asked for.
        start: usize,
    },
    /// The end is no multiple of [`PAGE_SIZE`].
    UnalignedEnd {
        /// The end that was asked for.
        end: usize,
    },
    /// The length is no multiple of [`PAGE_SIZE`].
    UnalignedLen {
        /// The length that was asked for, in bytes.
        len: usize,
    },
    /// The end would lie beyond the last address.
    Overflow {
        /// The start that was asked for.
        start: usize,
        /// The length that was asked for, in bytes.
        len: usize,
    },
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty { start } => write!(
                f,
                "the range at {start:#x} is empty: expected at least one page of {PAGE_SIZE} bytes"
            ),
            Self::Reversed { start, end } => {
                write!(f, "the range {start:#x}..{end:#x} is reversed: expected start < end")
            }
            Self::UnalignedStart { start } => write!(
                f,
                "start {start:#x} is not aligned to pages: expected a multiple of {PAGE_SIZE}"
            ),
            Self::UnalignedEnd { end } => {
                write!(
                    f,
                    "end {end:#x} is not aligned to pages: expected a multiple of {PAGE_SIZE}"
                )
            }
            Self::UnalignedLen { len } => write!(
                f,
                "a length of {len} bytes is not a whole number of pages: expected a multiple of {PAGE_SIZE}"
            ),
            Self::Overflow { start, len } => write!(
                f,
                "a range of {len} bytes from {start:#x} ends beyond the last address: expected at most {} bytes",
                // From there to the last address, in whole pages.
                (usize::MAX - start) / PAGE_SIZE * PAGE_SIZE
            ),
        }
    }
}

impl Error for RangeError {}

/// An address, as it is read.
struct Address(usize);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// As derived, with addresses in hexadecimal.
impl fmt::Debug for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct(match self {
            Self::Empty { .. } => "Empty",
            Self::Reversed { .. } => "Reversed",
            Self::UnalignedStart { .. } => "UnalignedStart",
            Self::UnalignedEnd { .. } => "UnalignedEnd",
            Self::UnalignedLen { .. } => "UnalignedLen",
            Self::Overflow { .. } => "Overflow",
        });
        match *self {
            Self::Empty { start } | Self::UnalignedStart { start } => {
                debug.field("start", &Address(start))
            }
            Self::Reversed { start, end } => {
                debug.field("start", &Address(start)).field("end", &Address(end))
            }
            Self::UnalignedEnd { end } => debug.field("end", &Address(end)),
            Self::UnalignedLen { len } => debug.field("len", &len),
            Self::Overflow { start, len } => {
                debug.field("start", &Address(start)).field("len", &len)
            }
        };
        debug.finish()
    }
}
