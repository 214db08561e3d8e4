//! The errors of mappings, which say what was expected and what was found.

use core::error::Error;
use core::fmt;
use std::io;

use crate::mmu::Range;

/// Why memory could not be mapped.
///
/// # Examples
///
/// ```
/// use nonblock_mm::memory::Mapping;
///
/// let error = nonblock::sleepable(|cx| Mapping::new(0, cx)).unwrap_err();
/// assert_eq!(error.to_string(), "cannot map 0 bytes: expected at least one page");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapError {
    /// The length is 0.
    Empty,
    /// The length is not a multiple of the machine's page size.
    Unaligned {
        /// The length that was asked for, in bytes.
        len: usize,
        /// The size of a page of this machine, in bytes.
        page_size: usize,
    },
    /// The length is more than the machine's memory and swap, or more than a process can address.
    TooLarge {
        /// The length that was asked for, in bytes.
        len: usize,
        /// The machine's memory and swap, in bytes, if the kernel tells it.
        memory: Option<usize>,
    },
    /// The kernel refused.
    Refused {
        /// The length that was asked for, in bytes.
        len: usize,
        /// The kernel's error number.
        errno: i32,
    },
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => f.write_str("cannot map 0 bytes: expected at least one page"),
            Self::Unaligned { len, page_size } => {
                write!(
                    f,
                    "cannot map {len} bytes: expected a multiple of the page size, {page_size} bytes"
                )
            }
            Self::TooLarge { len, memory: Some(memory) } => {
                write!(
                    f,
                    "cannot map {len} bytes: expected at most the machine's memory, {memory} bytes"
                )
            }
            Self::TooLarge { len, memory: None } => {
                write!(f, "cannot map {len} bytes: expected at most what a process can address")
            }
            Self::Refused { len, errno } => {
                write!(
                    f,
                    "the kernel would not map {len} bytes: {}",
                    io::Error::from_raw_os_error(errno)
                )
            }
        }
    }
}

impl Error for MapError {}

/// Why memory could not be reached, zapped or unmapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessError {
    /// The range is not mapped, or not within one mapping.
    NotMapped {
        /// The range that was asked for.
        range: Range,
    },
    /// The range does not hold whole pages of this machine.
    Unaligned {
        /// The range that was asked for.
        range: Range,
        /// The size of a page of this machine, in bytes.
        page_size: usize,
    },
    /// The offset is not within the mapping.
    OutOfBounds {
        /// The offset that was asked for, in bytes.
        offset: usize,
        /// The mapping's length, in bytes.
        len: usize,
    },
    /// The kernel refused. It does so for memory that is locked (`mlockall`).
    Refused {
        /// The range that was asked for.
        range: Range,
        /// The kernel's error number.
        errno: i32,
    },
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotMapped { range } => {
                write!(
                    f,
                    "{range} is not mapped here: expected a range that `map` returned, or a part of it"
                )
            }
            Self::Unaligned { range, page_size } => {
                write!(
                    f,
                    "{range} does not hold whole pages: expected multiples of {page_size} bytes"
                )
            }
            Self::OutOfBounds { offset, len } => {
                write!(f, "offset {offset} is not in the mapping: expected less than {len}")
            }
            Self::Refused { range, errno } => {
                write!(
                    f,
                    "the kernel would not take {range}: {}",
                    io::Error::from_raw_os_error(errno)
                )
            }
        }
    }
}

impl Error for AccessError {}

/// The kernel does not tell which pages are resident.
///
/// It tells this in `/proc/self/pagemap`, if it was built with `CONFIG_PROC_PAGE_MONITOR` and `/proc` is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResidentError {
    path: &'static str,
    kind: io::ErrorKind,
    // Kept instead of the `io::Error`, which cannot be cloned.
    errno: Option<i32>,
}

impl ResidentError {
    pub(super) fn new(path: &'static str, error: &io::Error) -> Self {
        Self { path, kind: error.kind(), errno: error.raw_os_error() }
    }
}

impl fmt::Display for ResidentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, kind, errno } = self;
        let error = errno.map_or_else(|| io::Error::from(*kind), io::Error::from_raw_os_error);
        write!(
            f,
            "cannot tell what is resident: {path}: {error}; expected /proc, of a kernel with CONFIG_PROC_PAGE_MONITOR"
        )
    }
}

impl Error for ResidentError {}
