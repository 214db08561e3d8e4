//! What is invalidated: a range of addresses, and why.

use core::error::Error;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::num::NonZeroU64;
use core::ops;
use core::sync::atomic::{AtomicU64, Ordering};

/// The granule of a [`Range`], in bytes: the smallest page of any machine supported.
///
/// A machine with larger pages maps and unmaps in multiples of its own; that is for its mappings to check.
pub const PAGE_SIZE: usize = 4096;

/// Why a range is invalidated. Mirrors Linux's `enum mmu_notifier_event` (`include/linux/mmu_notifier.h`, 6.12).
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::mmu::{AddressSpace, Event, Range};
///
/// let space = AddressSpace::new();
/// let range = Range::with_len(0x1000, 4096).unwrap();
/// nonblock::sleepable(|cx| {
///     // Callbacks read it from the range that they are told of.
///     let invalidation = space.invalidate(range, Event::Migrate, cx);
///     assert_eq!(invalidation.range().event(), Event::Migrate);
/// });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// The range is unmapped, or moved: its pages are gone from these addresses. Also what the reaper says.
    #[default]
    Unmap,
    /// The page table's entries are cleared, because what they point to is replaced.
    Clear,
    /// The protection of the whole range is changed.
    ProtectionVma,
    /// The protection of single pages in the range is changed.
    ProtectionPage,
    /// The entries are made read-only, so that writes can be tracked.
    SoftDirty,
    /// The driver is asked to let go of the pages.
    Release,
    /// The pages are collected, to be moved to a device's memory or back.
    Migrate,
    /// A device gets exclusive access to the pages.
    Exclusive,
}

/// A range of addresses: not empty, and aligned to pages of [`PAGE_SIZE`] bytes. The end is not part of it.
///
/// Two ranges are equal if they hold the same addresses; the event and the owner are not looked at.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::mmu::Range;
///
/// let range = Range::new(0x1000, 0x3000)?;
/// assert_eq!(range, Range::with_len(0x1000, 8192)?);
/// assert_eq!(range, Range::try_from(0x1000..0x3000)?);
/// assert_eq!(range.to_string(), "0x1000..0x3000");
///
/// let error = Range::new(0x1001, 0x3000).unwrap_err();
/// assert_eq!(error.to_string(), "start 0x1001 is not aligned to pages: expected a multiple of 4096");
/// # Ok::<(), nonblock::mmu::RangeError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Range {
    start: usize,
    end: usize,
    event: Event,
    owner: Option<Owner>,
}

/// Who causes an invalidation: a driver that migrates pages, or takes them for itself, and need not be told of it.
///
/// Each one made is another. Mirrors Linux's `owner` of `struct mmu_notifier_range` (`include/linux/mmu_notifier.h`, 6.12).
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::mmu::{Invalidate, Owner, Range};
/// use nonblock::Context;
///
/// struct Device {
///     owner: Owner,
/// }
///
/// impl Invalidate for Device {
///     fn invalidate<C: Context>(&self, range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
///         if range.is_moved_by(self.owner) {
///             return Ok(()); // its own doing
///         }
///         // ... take the range from the device ...
///         Ok(())
///     }
/// }
/// assert_ne!(Owner::new(), Owner::new());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner(NonZeroU64);

impl Owner {
    /// Makes one that is equal to no other.
    #[allow(clippy::new_without_default, reason = "a default is the same each time, this never")]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // One more than what is there is not 0, for some centuries.
        Self(NonZeroU64::MIN.saturating_add(NEXT.fetch_add(1, Ordering::Relaxed)))
    }
}

impl Range {
    /// Makes the range from an address up to, but without, another.
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

    /// Makes the range of so many bytes from an address on.
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

    /// Returns why the range is invalidated, for the callbacks that are told of it.
    ///
    /// [`Event::Unmap`] in a range that no invalidation has been made of.
    pub const fn event(&self) -> Event {
        self.event
    }

    /// The same range, invalidated on an owner's account.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::mmu::{AddressSpace, Event, Owner, Range};
    ///
    /// let (space, owner) = (AddressSpace::new(), Owner::new());
    /// let range = Range::with_len(0x10_0000, 4096).unwrap().with_owner(owner);
    /// nonblock::sleepable(|cx| {
    ///     let migration = space.invalidate(range, Event::Migrate, cx);
    ///     assert!(migration.range().is_moved_by(owner));
    ///     // That the pages are unmapped concerns the owner as well.
    ///     let unmapping = space.invalidate(range, Event::Unmap, cx);
    ///     assert!(!unmapping.range().is_moved_by(owner));
    /// });
    /// ```
    #[must_use]
    pub const fn with_owner(self, owner: Owner) -> Self {
        Self { owner: Some(owner), ..self }
    }

    /// Returns on whose account the range is invalidated, if that was said.
    pub const fn owner(&self) -> Option<Owner> {
        self.owner
    }

    /// Says whether the event is a migration, or a grant of exclusive access, on this owner's account: its own doing, which
    /// it can pass over.
    pub fn is_moved_by(&self, owner: Owner) -> bool {
        matches!(self.event, Event::Migrate | Event::Exclusive) && self.owner == Some(owner)
    }

    /// Says whether the range holds the address.
    pub const fn contains(&self, address: usize) -> bool {
        self.start <= address && address < self.end
    }

    /// Says whether the two ranges have an address in common.
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Every address that a range can hold.
    pub(super) const fn whole() -> Self {
        let end = usize::MAX / PAGE_SIZE * PAGE_SIZE;
        Self { start: 0, end, event: Event::Unmap, owner: None }
    }

    /// The same range, invalidated for a reason.
    pub(super) const fn with_event(self, event: Event) -> Self {
        Self { event, ..self }
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
