//! Why a range is invalidated, and which driver caused it.

use core::num::NonZeroU64;
#[cfg(target_has_atomic = "64")]
use core::sync::atomic::{AtomicU64, Ordering};

/// Why a range is invalidated. Mirrors Linux's `enum mmu_notifier_event` (`include/linux/mmu_notifier.h`, 6.12).
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock_mm::mmu::{AddressSpace, Event, Range};
///
/// let space = AddressSpace::new();
/// let range = Range::with_len(0x1000, 4096).unwrap();
/// nonblock::sleepable(|cx| {
///     // A callback reads it from the range that it is given.
///     let invalidation = space.invalidate(range, Event::Migrate, cx);
///     assert_eq!(invalidation.range().event(), Event::Migrate);
/// });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
// A whole word, so that no padding follows. Padding would make the compiler write an `Invalidation` in small pieces and read
// it in a large one, which stalls the processor. See `Invalidation`.
#[repr(usize)]
pub enum Event {
    /// The range is unmapped or moved: its pages are gone from these addresses. The reaper uses this event too.
    #[default]
    Unmap,
    /// The page table's entries are cleared, because the pages that they point to are replaced.
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

/// Identifies the driver that causes an invalidation, because it migrates pages or takes them for itself. That driver need
/// not act on its own invalidation.
///
/// Every `Owner` made by [`new`](Owner::new) differs from every other. Mirrors Linux's `owner` of
/// `struct mmu_notifier_range` (`include/linux/mmu_notifier.h`, 6.12).
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock_mm::mmu::{Invalidate, Owner, Range};
/// use nonblock::Context;
///
/// struct Device {
///     owner: Owner,
/// }
///
/// impl Invalidate for Device {
///     fn invalidate<C: Context>(&self, range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
///         if range.is_moved_by(self.owner) {
///             return Ok(()); // this driver caused it
///         }
///         // ... take the range from the device ...
///         Ok(())
///     }
/// }
/// assert_ne!(Owner::new(), Owner::new());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner(NonZeroU64);

#[cfg(target_has_atomic = "64")]
impl Owner {
    /// Makes an owner that is equal to no other. It is there on targets that have atomics of 64 bits.
    #[allow(
        clippy::new_without_default,
        reason = "a default is the same each time; this is never the same"
    )]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // The sum saturates instead of wrapping to 0, which takes centuries to reach.
        Self(NonZeroU64::MIN.saturating_add(NEXT.fetch_add(1, Ordering::Relaxed)))
    }
}
