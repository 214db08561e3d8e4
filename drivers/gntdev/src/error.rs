//! Why a grant map could not be mapped.

use core::error::Error;
use core::fmt;

use nonblock_mm::mmu::{PAGE_SIZE, Range};

/// Why the process cannot have a grant map where it wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MmapError {
    /// There is no such map.
    #[non_exhaustive]
    NoSuchMap {
        /// The number that was given.
        index: usize,
    },
    /// The process has mapped it already.
    #[non_exhaustive]
    Mapped {
        /// The number of the map.
        index: usize,
        /// Where it is mapped.
        at: Range,
    },
    /// The range is not as long as the map.
    #[non_exhaustive]
    Length {
        /// The range that was given.
        range: Range,
        /// How many pages the map has.
        pages: usize,
    },
}

impl fmt::Display for MmapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchMap { index } => {
                write!(f, "there is no grant map {index}: expected a number from `map_grant_ref`")
            }
            Self::Mapped { index, at } => {
                write!(f, "grant map {index} is mapped at {at} already: close it first")
            }
            Self::Length { range, pages } => write!(
                f,
                "{range} does not fit a grant map of {pages} pages: expected {} bytes",
                pages * PAGE_SIZE
            ),
        }
    }
}

impl Error for MmapError {}
