//! The callbacks that a driver implements to be told of invalidations.

use nonblock::{Context, NonBlock, Sleepable, WouldBlock};

use super::range::Range;

/// The callback of a driver, written once for callers that may sleep and callers that must not.
///
/// Every `Invalidate` is a [`Notifier`], and so can be subscribed to an
/// [`AddressSpace`](super::AddressSpace).
///
/// The names here are short. The address space calls the methods of [`Notifier`], which have Linux's names
/// (`struct mmu_notifier_ops`, `include/linux/mmu_notifier.h`, 6.12):
///
/// | `Invalidate` | [`Notifier`] | Linux |
/// |---|---|---|
/// | [`invalidate`](Self::invalidate) with a `Sleepable` | [`invalidate_range_start`](Notifier::invalidate_range_start) | `invalidate_range_start`, blockable |
/// | [`invalidate`](Self::invalidate) with a `NonBlock` | [`invalidate_range_start_nonblock`](Notifier::invalidate_range_start_nonblock) | `invalidate_range_start`, not blockable |
/// | [`finish`](Self::finish) | [`invalidate_range_end`](Notifier::invalidate_range_end) | `invalidate_range_end` |
/// | [`flush_secondary_tlb`](Self::flush_secondary_tlb) | [`arch_invalidate_secondary_tlbs`](Notifier::arch_invalidate_secondary_tlbs) | `arch_invalidate_secondary_tlbs` |
/// | [`age_and_flush`](Self::age_and_flush) | [`clear_flush_young`](Notifier::clear_flush_young) | `clear_flush_young` |
/// | [`age`](Self::age) | [`clear_young`](Notifier::clear_young) | `clear_young` |
/// | [`is_young`](Self::is_young) | [`test_young`](Notifier::test_young) | `test_young` |
/// | [`on_release`](Self::on_release) | [`release`](Notifier::release) | `release` |
///
/// # Examples
///
/// ```
/// use nonblock_mm::mmu::{Invalidate, Range};
/// use nonblock::sync::{Mutex, SpinLock};
/// use nonblock::{Context, NonBlock};
///
/// struct Userptr {
///     table: Mutex<Vec<Range>>,
///     under_way: SpinLock<u32>,
/// }
///
/// impl Invalidate for Userptr {
///     fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
///         let mut table = self.table.acquire(cx)?; // sleeps, or refuses
///         table.retain(|mapped| !mapped.overlaps(range));
///         self.under_way.with(cx, |under_way, _nb| *under_way += 1);
///         Ok(())
///     }
///
///     fn finish(&self, _range: &Range, nb: &mut NonBlock) {
///         *self.under_way.lock(nb) -= 1;
///     }
/// }
/// ```
///
/// A caller that may sleep cannot be refused: there is no value to refuse it with.
///
/// ```compile_fail,E0308
/// use nonblock_mm::mmu::{Invalidate, Range};
/// use nonblock::{Context, WouldBlock};
///
/// struct Lazy;
///
/// impl Invalidate for Lazy {
///     fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
///         Err(WouldBlock) // expected `C::Refusal`: which is uninhabited for a `Sleepable`
///     }
/// }
/// ```
pub trait Invalidate: Send + Sync {
    /// Takes the range from the device, before it is taken from the process.
    ///
    /// The device must not reach the range again before [`finish`](Invalidate::finish).
    ///
    /// # Context
    ///
    /// Either. With a `Sleepable` it may sleep. With a `NonBlock` it runs in a section, and refuses if it would have to wait.
    ///
    /// # Errors
    ///
    /// The refusal of the context; only a `NonBlock` has one. What was done to the range before a refusal stays done. No
    /// `finish` follows.
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal>;

    /// The invalidation is over: the device may look the range up again.
    ///
    /// Called once for each `invalidate` that succeeded, also if another driver refused.
    ///
    /// # Context
    ///
    /// Always in a section. See [`Notifier::invalidate_range_end`].
    fn finish(&self, range: &Range, nb: &mut NonBlock) {
        let _ = (range, nb);
    }

    /// The processor has flushed its translations of the range. A device that walks the process's own page table must flush
    /// its translations too. See [`Notifier::arch_invalidate_secondary_tlbs`].
    ///
    /// # Context
    ///
    /// Always in a section.
    fn flush_secondary_tlb(&self, range: &Range, nb: &mut NonBlock) {
        let _ = (range, nb);
    }

    /// Clears the device's accessed bits of the range, and flushes its translations of it. Returns whether a bit was set. See
    /// [`Notifier::clear_flush_young`].
    ///
    /// # Context
    ///
    /// Always in a section.
    fn age_and_flush(&self, range: &Range, nb: &mut NonBlock) -> bool {
        let _ = (range, nb);
        false
    }

    /// Clears the device's accessed bits of the range. Returns whether a bit was set. See [`Notifier::clear_young`].
    ///
    /// # Context
    ///
    /// Always in a section.
    fn age(&self, range: &Range, nb: &mut NonBlock) -> bool {
        let _ = (range, nb);
        false
    }

    /// Returns whether the device used a page. See [`Notifier::test_young`].
    ///
    /// # Context
    ///
    /// Always in a section.
    fn is_young(&self, address: usize, nb: &mut NonBlock) -> bool {
        let _ = (address, nb);
        false
    }

    /// The process is gone: the device must let go of all its memory.
    ///
    /// # Context
    ///
    /// May sleep.
    fn on_release(&self, cx: &mut Sleepable) {
        let _ = cx;
    }
}

/// A driver that is told before an address space changes: the object-safe form, with an entry for each caller.
///
/// Implement [`Invalidate`] instead, unless the two entries have nothing in common. Mirrors Linux's
/// `struct mmu_notifier_ops` (`include/linux/mmu_notifier.h`, 6.12). There, one `invalidate_range_start` serves both callers,
/// and a flag tells it whether it may block.
///
/// Callbacks are called in the order of subscription, with no lock held. They may subscribe and unsubscribe drivers, also of
/// the same address space.
///
/// A `Notifier` has no collision-retry protocol; only intervals have one. A driver that wants it for every address subscribes
/// an [`IntervalNotifier`](super::IntervalNotifier) for [`Range::whole`], and uses
/// [`read_begin`](super::IntervalSubscription::read_begin) and
/// [`read_retry`](super::IntervalSubscription::read_retry) of that subscription. For the calls that only a `Notifier` gets
/// (`release`, the flushes and the `young` queries) it needs a subscription of this kind as well.
///
/// # Examples
///
/// ```
/// use nonblock_mm::mmu::{Notifier, Range};
/// use nonblock::{NonBlock, Sleepable, WouldBlock};
///
/// /// A driver that refuses every section.
/// struct Grants;
///
/// impl Notifier for Grants {
///     fn invalidate_range_start(&self, _range: &Range, cx: &mut Sleepable) {
///         nonblock::thread::sleep(cx, std::time::Duration::from_millis(1)); // for the device
///     }
///
///     fn invalidate_range_start_nonblock(&self, _range: &Range, _nb: &mut NonBlock) -> Result<(), WouldBlock> {
///         Err(WouldBlock)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be told of invalidations: it implements neither `Invalidate` nor `Notifier`",
    label = "expected a driver",
    note = "implement `nonblock_mm::mmu::Invalidate`: one callback, generic over `C: Context`, for callers that may sleep and callers that must not"
)]
pub trait Notifier: Send + Sync {
    /// Takes the range from the device, before it is taken from the process. It cannot refuse.
    ///
    /// # Context
    ///
    /// May sleep.
    fn invalidate_range_start(&self, range: &Range, cx: &mut Sleepable);

    /// Takes the range from the device, or refuses if it would have to wait.
    ///
    /// # Context
    ///
    /// In a section.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`] refuses the range: the caller leaves it alone for now. What was done to it before the refusal stays
    /// done. No `invalidate_range_end` follows.
    fn invalidate_range_start_nonblock(
        &self,
        range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock>;

    /// The invalidation is over: the device may look the range up again.
    ///
    /// Called once for each start that succeeded, and for no other.
    ///
    /// # Context
    ///
    /// Always in a section, even if the start could sleep. An [`Invalidation`](super::Invalidation) ends when it is dropped,
    /// and a drop can happen anywhere, also in a section, and takes no token. An end that could sleep would break the rule
    /// that what may sleep takes `&mut Sleepable`. Drivers lose nothing by this: an end callback only wakes waiters and
    /// counts.
    fn invalidate_range_end(&self, range: &Range, nb: &mut NonBlock) {
        let _ = (range, nb);
    }

    /// The processor has flushed its translations of the range. A device that walks the process's own page table must flush
    /// its translations too.
    ///
    /// A device with a page table of its own has nothing to do here. The call may come within an invalidation or outside,
    /// and for a larger range than was invalidated. Mirrors the member of the same name of Linux's
    /// `struct mmu_notifier_ops`.
    ///
    /// # Context
    ///
    /// Always in a section: the caller usually holds the page table's lock.
    fn arch_invalidate_secondary_tlbs(&self, range: &Range, nb: &mut NonBlock) {
        let _ = (range, nb);
    }

    /// Returns whether the device used pages of the range since it was last asked, and clears its accessed bits.
    ///
    /// Also flushes the device's translations of the range, so that the next use sets the bits again.
    ///
    /// # Context
    ///
    /// Always in a section.
    fn clear_flush_young(&self, range: &Range, nb: &mut NonBlock) -> bool {
        let _ = (range, nb);
        false
    }

    /// As [`clear_flush_young`](Notifier::clear_flush_young), but keeps the translations: uses through them may set no bit.
    ///
    /// # Context
    ///
    /// Always in a section.
    fn clear_young(&self, range: &Range, nb: &mut NonBlock) -> bool {
        let _ = (range, nb);
        false
    }

    /// Returns whether the device used the page at an address since the accessed bits were last cleared. Clears nothing.
    ///
    /// # Context
    ///
    /// Always in a section.
    fn test_young(&self, address: usize, nb: &mut NonBlock) -> bool {
        let _ = (address, nb);
        false
    }

    /// The process is gone: the device must let go of all its memory.
    ///
    /// Called once, by [`AddressSpace::release`](super::AddressSpace::release), if the driver is still subscribed.
    ///
    /// # Context
    ///
    /// May sleep.
    fn release(&self, cx: &mut Sleepable) {
        let _ = cx;
    }
}

impl<T: Invalidate> Notifier for T {
    fn invalidate_range_start(&self, range: &Range, cx: &mut Sleepable) {
        // A `Sleepable` has no refusal, so this is the only case.
        let Ok(()) = self.invalidate(range, cx);
    }

    fn invalidate_range_start_nonblock(
        &self,
        range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.invalidate(range, nb)
    }

    fn invalidate_range_end(&self, range: &Range, nb: &mut NonBlock) {
        self.finish(range, nb);
    }

    fn arch_invalidate_secondary_tlbs(&self, range: &Range, nb: &mut NonBlock) {
        self.flush_secondary_tlb(range, nb);
    }

    fn clear_flush_young(&self, range: &Range, nb: &mut NonBlock) -> bool {
        self.age_and_flush(range, nb)
    }

    fn clear_young(&self, range: &Range, nb: &mut NonBlock) -> bool {
        self.age(range, nb)
    }

    fn test_young(&self, address: usize, nb: &mut NonBlock) -> bool {
        self.is_young(address, nb)
    }

    fn release(&self, cx: &mut Sleepable) {
        self.on_release(cx);
    }
}
