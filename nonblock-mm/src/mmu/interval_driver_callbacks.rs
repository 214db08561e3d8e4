//! The callbacks that a driver implements to be told of invalidations of one range.

use nonblock::{Context, NonBlock, Sleepable, WouldBlock};

use super::pass_id::PassId;
use super::range::Range;

/// The callback of a driver that mirrors one range, written once for callers that may sleep and callers that must not.
///
/// Every `InvalidateInterval` is an [`IntervalNotifier`], and so can be subscribed by
/// [`AddressSpace::subscribe_interval`](super::AddressSpace::subscribe_interval).
///
/// The names here are short. The address space calls the methods of [`IntervalNotifier`]. Linux
/// (`struct mmu_interval_notifier_ops`, `include/linux/mmu_notifier.h`, 6.12) has one callback for all of them:
///
/// | `InvalidateInterval` | [`IntervalNotifier`] | Linux |
/// |---|---|---|
/// | [`invalidate_interval`](Self::invalidate_interval) with a `Sleepable` | [`invalidate_interval_start`](IntervalNotifier::invalidate_interval_start) | `invalidate`, blockable |
/// | [`invalidate_interval`](Self::invalidate_interval) with a `NonBlock` | [`invalidate_interval_start_nonblock`](IntervalNotifier::invalidate_interval_start_nonblock) | `invalidate`, not blockable |
/// | [`finish_interval`](Self::finish_interval) | [`invalidate_interval_end`](IntervalNotifier::invalidate_interval_end) | none |
///
/// # Examples
///
/// A driver that mirrors a range by the collision-retry protocol:
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::Arc;
/// use nonblock_mm::mmu::{AddressSpace, Event, IntervalSubscription, InvalidateInterval, PAGE_SIZE, Range};
/// use nonblock::sync::Mutex;
/// use nonblock::{Context, Sleepable};
///
/// struct Mirror {
///     pages: Mutex<BTreeMap<usize, u64>>,
/// }
///
/// impl InvalidateInterval for Mirror {
///     fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
///         // The lock under which `fault` calls `read_retry`.
///         self.pages.acquire(cx)?.retain(|page, _| !range.contains(*page));
///         Ok(())
///     }
/// }
///
/// fn fault(
///     mirror: &Mirror,
///     subscription: &IntervalSubscription,
///     page: usize,
///     look_up: impl Fn(usize) -> u64, // may take its time
///     cx: &mut Sleepable,
/// ) {
///     loop {
///         let seq = subscription.read_begin(cx); // waits for invalidations under way
///         let frame = look_up(page);
///         let mut pages = mirror.pages.lock(cx);
///         if !subscription.read_retry(seq) {
///             pages.insert(page, frame);
///             return;
///         }
///     }
/// }
///
/// let space = AddressSpace::new();
/// let range = Range::with_len(0x10_0000, 16 * PAGE_SIZE).unwrap();
/// let mirror = Arc::new(Mirror { pages: Mutex::default() });
/// nonblock::sleepable(|cx| {
///     let subscription = space.subscribe_interval(range, mirror.clone(), cx).unwrap();
///     fault(&mirror, &subscription, range.start(), |_| 7, cx);
///     assert_eq!(mirror.pages.lock(cx).len(), 1);
///
///     let elsewhere = Range::with_len(0x80_0000, PAGE_SIZE).unwrap();
///     drop(space.invalidate(elsewhere, Event::Unmap, cx));
///     assert_eq!(mirror.pages.lock(cx).len(), 1);
///     drop(space.invalidate(range, Event::Unmap, cx));
///     assert!(mirror.pages.lock(cx).is_empty());
///     subscription.unsubscribe(cx);
/// });
/// ```
pub trait InvalidateInterval: Send + Sync {
    /// Takes the addresses that the range and the interval have in common from the device, before they are taken from the
    /// process.
    ///
    /// Take the lock under which the driver calls [`read_retry`](super::IntervalSubscription::read_retry): the protocol
    /// depends on it.
    ///
    /// # Arguments
    ///
    /// * `range`: what is invalidated. It meets the interval, and may reach beyond it.
    ///
    /// # Context
    ///
    /// Either. With a `Sleepable` it may sleep. With a `NonBlock` it runs in a section, and refuses if it would have to wait.
    ///
    /// # Errors
    ///
    /// The refusal of the context; only a `NonBlock` has one. What was done before a refusal stays done. No
    /// `finish_interval` follows.
    fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal>;

    /// The invalidation is over.
    ///
    /// Called once for each `invalidate_interval` that succeeded, also if another driver refused.
    ///
    /// # Context
    ///
    /// Always in a section. See [`Notifier::invalidate_range_end`](super::Notifier::invalidate_range_end).
    fn finish_interval(&self, range: &Range, nb: &mut NonBlock) {
        let _ = (range, nb);
    }
}

/// A driver that is told before one range of an address space changes: the object-safe form, with an entry for each caller.
///
/// Implement [`InvalidateInterval`] instead, unless the two entries have nothing in common. Mirrors Linux's
/// `struct mmu_interval_notifier_ops` (`include/linux/mmu_notifier.h`, 6.12), with two differences:
///
/// * In Linux, the callback is given a sequence number and must set it under the driver's lock, by `mmu_interval_set_seq()`.
///   Here the address space counts before it calls, so the driver has nothing to forget.
/// * In Linux, the callback runs with no section open, even if the caller must not block. Here it runs in a section.
///
/// It also has an end call, which Linux does not have. The default does nothing.
///
/// Callbacks are called in the order of the intervals' starts, with no lock held, before the [`Notifier`](super::Notifier)s.
/// A driver that has to wait for its device can do so in a second pass: see [`InvalidateTwoPass`](super::InvalidateTwoPass).
///
/// # Examples
///
/// ```
/// use nonblock_mm::mmu::{IntervalNotifier, Range};
/// use nonblock::{NonBlock, Sleepable, WouldBlock};
///
/// /// A driver that refuses every section.
/// struct Region;
///
/// impl IntervalNotifier for Region {
///     fn invalidate_interval_start(&self, _range: &Range, cx: &mut Sleepable) {
///         nonblock::thread::sleep(cx, std::time::Duration::from_millis(1)); // for the device
///     }
///
///     fn invalidate_interval_start_nonblock(&self, _range: &Range, _nb: &mut NonBlock) -> Result<(), WouldBlock> {
///         Err(WouldBlock)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be told of an interval: it implements neither `InvalidateInterval` nor `IntervalNotifier`",
    label = "expected a driver",
    note = "implement `nonblock_mm::mmu::InvalidateInterval`: one callback, generic over `C: Context`, for callers that may sleep and callers that must not",
    note = "a driver of two passes, an `InvalidateTwoPass`, is subscribed by `subscribe_two_pass`"
)]
pub trait IntervalNotifier: Send + Sync {
    /// Takes the range from the device, before it is taken from the process. It cannot refuse.
    ///
    /// # Context
    ///
    /// May sleep.
    fn invalidate_interval_start(&self, range: &Range, cx: &mut Sleepable);

    /// Takes the range from the device, or refuses if it would have to wait.
    ///
    /// # Context
    ///
    /// In a section.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`] refuses the range: the caller leaves it alone for now. No `invalidate_interval_end` follows.
    fn invalidate_interval_start_nonblock(
        &self,
        range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock>;

    /// The invalidation is over.
    ///
    /// Called once for each start that succeeded, and for no other.
    ///
    /// # Context
    ///
    /// Always in a section. See [`Notifier::invalidate_range_end`](super::Notifier::invalidate_range_end).
    fn invalidate_interval_end(&self, range: &Range, nb: &mut NonBlock) {
        let _ = (range, nb);
    }

    // The two passes of a caller that may sleep. Nobody outside the crate can name a `PassId`, so nobody else calls these or
    // writes one.

    /// The first pass. Returns whether a second is due.
    #[doc(hidden)]
    fn first_pass(&self, range: &Range, id: PassId, cx: &mut Sleepable) -> bool {
        let _ = id;
        self.invalidate_interval_start(range, cx);
        false
    }

    /// The second pass, if one is due for this invalidation. Returns whether it was.
    #[doc(hidden)]
    fn second_pass(&self, range: &Range, id: PassId, cx: &mut Sleepable) -> bool {
        let _ = (range, id, cx);
        false
    }
}

impl<T: InvalidateInterval> IntervalNotifier for T {
    fn invalidate_interval_start(&self, range: &Range, cx: &mut Sleepable) {
        // A `Sleepable` has no refusal, so this is the only case.
        let Ok(()) = self.invalidate_interval(range, cx);
    }

    fn invalidate_interval_start_nonblock(
        &self,
        range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.invalidate_interval(range, nb)
    }

    fn invalidate_interval_end(&self, range: &Range, nb: &mut NonBlock) {
        self.finish_interval(range, nb);
    }
}
