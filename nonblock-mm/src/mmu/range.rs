//! A range of addresses: what is invalidated.

use core::error::Error;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::iter::StepBy;
use core::ops;

use super::event::{Event, Owner};

/// The granule of a [`Range`], in bytes: the smallest page size of all supported machines.
///
/// A machine with larger pages maps and unmaps multiples of its own page size. `memory::Mapping` checks for that.
pub const PAGE_SIZE: usize = 4096;

/// A range of addresses: not empty, and aligned to pages of [`PAGE_SIZE`] bytes. The end is not part of it.
///
/// Two ranges are equal if they hold the same addresses. The event and the owner are not compared.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock_mm::mmu::Range;
///
/// let range = Range::new(0x1000, 0x3000)?;
/// assert_eq!(range, Range::with_len(0x1000, 8192)?);
/// assert_eq!(range, Range::try_from(0x1000..0x3000)?);
/// assert_eq!(range.to_string(), "0x1000..0x3000");
///
/// let error = Range::new(0x1001, 0x3000).unwrap_err();
/// assert_eq!(error.to_string(), "start 0x1001 is not aligned to pages: expected a multiple of 4096");
/// # Ok::<(), nonblock_mm::mmu::RangeError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Range {
    start: usize,
    end: usize,
    event: Event,
    owner: Option<Owner>,
}

impl Range {
    /// Makes the range from `start` up to `end`, without `end`.
    ///
    /// # Arguments
    ///
    /// * `start`, `end`: addresses, multiples of [`PAGE_SIZE`], with `start < end`.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Errors
    ///
    /// [`RangeError`], which says what was wrong and what was expected.
    pub const fn new(start: usize, end: usize) -> Result<Self, RangeError> {
        if start > end {
            Err(RangeError::Reversed { start, end })
        } else if start == end {
            Err(RangeError::Empty { start })
        } else if !start.is_multiple_of(PAGE_SIZE) {
            Err(RangeError::UnalignedStart { start })
        } else if !end.is_multiple_of(PAGE_SIZE) {
            Err(RangeError::UnalignedEnd { end })
        } else {
            Ok(Self { start, end, event: Event::Unmap, owner: None })
        }
    }

    /// Makes the range of `len` bytes from `start` on.
    ///
    /// # Arguments
    ///
    /// * `start`: an address, a multiple of [`PAGE_SIZE`].
    /// * `len`: the length in bytes, a multiple of [`PAGE_SIZE`] and not 0.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Errors
    ///
    /// [`RangeError`], which says what was wrong and what was expected.
    pub const fn with_len(start: usize, len: usize) -> Result<Self, RangeError> {
        if !start.is_multiple_of(PAGE_SIZE) {
            return Err(RangeError::UnalignedStart { start });
        }
        if !len.is_multiple_of(PAGE_SIZE) {
            return Err(RangeError::UnalignedLen { len });
        }
        match start.checked_add(len) {
            Some(end) => Self::new(start, end),
            None => Err(RangeError::Overflow { start, len }),
        }
    }

    /// Makes the range of all addresses except the last page: the end of that page is not an address.
    ///
    /// A driver that mirrors a whole process subscribes this as its interval, or is a [`Notifier`](super::Notifier).
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock_mm::mmu::{PAGE_SIZE, Range};
    ///
    /// let whole = Range::whole();
    /// assert_eq!(whole.start(), 0);
    /// assert!(whole.contains(whole.end() - 1));
    /// assert!(whole.end().checked_add(PAGE_SIZE).is_none());
    /// ```
    pub const fn whole() -> Self {
        let end = usize::MAX / PAGE_SIZE * PAGE_SIZE;
        Self { start: 0, end, event: Event::Unmap, owner: None }
    }

    /// Returns the first address.
    pub const fn start(&self) -> usize {
        self.start
    }

    /// Returns the address after the last.
    pub const fn end(&self) -> usize {
        self.end
    }

    /// Returns the length in bytes, which is never 0.
    #[allow(clippy::len_without_is_empty, reason = "a range is never empty")]
    pub const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Returns why the range is invalidated: a callback reads this from the range that it is given.
    ///
    /// It is [`Event::Unmap`] in a range that does not come from an invalidation.
    pub const fn event(&self) -> Event {
        self.event
    }

    /// Returns the same range with an event: why it is invalidated.
    ///
    /// For who calls drivers itself, as a kernel does. [`AddressSpace::invalidate`](super::AddressSpace::invalidate) sets the event
    /// that it is given.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock_mm::mmu::{Event, Range};
    ///
    /// let range = Range::with_len(0x10_0000, 4096).unwrap();
    /// assert_eq!(range.event(), Event::Unmap);
    /// assert_eq!(range.with_event(Event::Clear).event(), Event::Clear);
    /// ```
    #[must_use]
    pub const fn with_event(self, event: Event) -> Self {
        Self { event, ..self }
    }

    /// Returns the same range with an owner: the driver that causes the invalidation.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock_mm::mmu::{AddressSpace, Event, Owner, Range};
    ///
    /// let (space, owner) = (AddressSpace::new(), Owner::new());
    /// let range = Range::with_len(0x10_0000, 4096).unwrap().with_owner(owner);
    /// nonblock::sleepable(|cx| {
    ///     let migration = space.invalidate(range, Event::Migrate, cx);
    ///     assert!(migration.range().is_moved_by(owner));
    ///     // The owner must act on an unmapping, like every other driver.
    ///     let unmapping = space.invalidate(range, Event::Unmap, cx);
    ///     assert!(!unmapping.range().is_moved_by(owner));
    /// });
    /// ```
    #[must_use]
    pub const fn with_owner(self, owner: Owner) -> Self {
        Self { owner: Some(owner), ..self }
    }

    /// Returns the owner that was set by [`with_owner`](Self::with_owner), if any.
    pub const fn owner(&self) -> Option<Owner> {
        self.owner
    }

    /// Returns whether the event is a migration or a grant of exclusive access that this owner caused itself, and so can
    /// ignore.
    pub fn is_moved_by(&self, owner: Owner) -> bool {
        matches!(self.event, Event::Migrate | Event::Exclusive) && self.owner == Some(owner)
    }

    /// Returns whether the range contains the address.
    pub const fn contains(&self, address: usize) -> bool {
        self.start <= address && address < self.end
    }

    /// Returns whether the two ranges have an address in common.
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Returns the addresses that the two ranges have in common, if there are any.
    ///
    /// The event and the owner are those of `self`. `a.intersection(&b)` is `Some` exactly if `a.overlaps(&b)`. A callback
    /// uses it to find what it has to do: the range that it is given may be larger than what its driver mirrors.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock_mm::mmu::Range;
    ///
    /// let mirrored = Range::new(0x2000, 0x6000)?;
    /// let told = Range::new(0x1000, 0x4000)?;
    /// assert_eq!(told.intersection(&mirrored), Some(Range::new(0x2000, 0x4000)?));
    /// // Ranges that only touch have nothing in common.
    /// assert_eq!(told.intersection(&Range::new(0x4000, 0x5000)?), None);
    /// # Ok::<(), nonblock_mm::mmu::RangeError>(())
    /// ```
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        // Both bounds are aligned, since each is a bound of one of the two ranges.
        (start < end).then_some(Self { start, end, ..*self })
    }

    /// Returns the first address of each page, in order: byte addresses in steps of [`PAGE_SIZE`].
    ///
    /// `range.pages().len()` is the number of pages.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock_mm::mmu::{PAGE_SIZE, Range};
    ///
    /// let range = Range::new(0x2000, 0x5000)?;
    /// assert!(range.pages().eq([0x2000, 0x3000, 0x4000]));
    /// assert_eq!(range.pages().len(), range.len() / PAGE_SIZE);
    /// assert_eq!(range.pages().next_back(), Some(range.end() - PAGE_SIZE));
    /// # Ok::<(), nonblock_mm::mmu::RangeError>(())
    /// ```
    pub fn pages(&self) -> StepBy<ops::Range<usize>> {
        (self.start..self.end).step_by(PAGE_SIZE)
    }
}

impl TryFrom<ops::Range<usize>> for Range {
    type Error = RangeError;

    fn try_from(range: ops::Range<usize>) -> Result<Self, RangeError> {
        Self::new(range.start, range.end)
    }
}

impl PartialEq for Range {
    fn eq(&self, other: &Self) -> bool {
        (self.start, self.end) == (other.start, other.end)
    }
}

impl Eq for Range {}

impl Hash for Range {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.start, self.end).hash(state);
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}..{:#x}", self.start, self.end)
    }
}

impl fmt::Debug for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Range({self}, {:?})", self.event)
    }
}

/// Why a [`Range`] could not be made. Addresses are written in hexadecimal, lengths in bytes.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock_mm::mmu::{Range, RangeError};
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
        /// Where it would start and end.
        start: usize,
    },
    /// The end lies before the start.
    Reversed {
        /// The start that was asked for.
        start: usize,
        /// The end that was asked for.
        end: usize,
    },
    /// The start is not a multiple of [`PAGE_SIZE`].
    UnalignedStart {
        /// The start that was asked for.
        start: usize,
    },
    /// The end is not a multiple of [`PAGE_SIZE`].
    UnalignedEnd {
        /// The end that was asked for.
        end: usize,
    },
    /// The length is not a multiple of [`PAGE_SIZE`].
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
                // The whole pages from `start` to the last address.
                (usize::MAX - start) / PAGE_SIZE * PAGE_SIZE
            ),
        }
    }
}

impl Error for RangeError {}

/// Formats an address in hexadecimal.
struct Address(usize);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// As the derived form, with addresses in hexadecimal.
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
