//! Two passes over the drivers of intervals: the first begins an operation of each device, the second waits for them.

use core::{fmt, mem};
use std::sync::Arc;

use nonblock::sync::SpinLock;
use nonblock::unwind::FirstPanic;
use nonblock::{Context, NonBlock, Sleepable, WouldBlock, raw};

use super::interval_driver_callbacks::IntervalNotifier;
use super::pass_id::PassId;
use super::range::Range;

/// The callbacks of a driver that mirrors one range, in two passes: one begins an operation of the device, the other waits
/// for it.
///
/// An [`InvalidateInterval`](super::InvalidateInterval) waits for its device in its only callback, so the devices work one
/// after the other. With two passes they work at the same time: every device is told to begin before any of them is waited
/// for. It is subscribed by [`AddressSpace::subscribe_two_pass`](super::AddressSpace::subscribe_two_pass).
///
/// | here | Linux (`struct mmu_interval_notifier_ops`, 7.1) |
/// |---|---|
/// | [`invalidate_start`](Self::invalidate_start) | `invalidate_start` |
/// | [`Finish`], which it returns | `struct mmu_interval_notifier_finish` |
/// | [`invalidate_finish`](Self::invalidate_finish) | `invalidate_finish` |
/// | [`invalidate_end`](Self::invalidate_end) | none |
///
/// # Order
///
/// 1. The first passes, in the order of the intervals' starts. A driver of one pass does all its work there.
/// 2. The second passes of those that asked for one, in the same order. If a first pass panics, those that came before it are
///    finished all the same.
/// 3. The [`Notifier`](super::Notifier)s.
/// 4. When the [`Invalidation`](super::Invalidation) is dropped, the end calls.
///
/// # A caller that must not sleep
///
/// It has no second pass: nobody could wait in it. Its first pass completes the work, or refuses. The types see to it: a
/// [`Finish`] is made of the caller's right to sleep, which only [`or_refuse`](Context::or_refuse) or
/// [`as_sleepable`](Context::as_sleepable) of the first pass's own `cx` gives. So nothing has begun where an invalidation is
/// refused, except what a first pass left behind that refused after it had begun: ask before you begin.
///
/// # One operation at a time
///
/// Nothing is allocated for a second pass: a subscription has room for one operation. While it is taken, a second invalidation
/// of the interval, by another thread or nested, finishes its own operation at once, before it tells the next device.
///
/// # Examples
///
/// Two devices. Both are told to stop before either is waited for:
///
/// ```
/// use std::sync::Arc;
/// use nonblock::sync::{Completion, Mutex};
/// use nonblock::{Context, Sleepable, WouldBlock};
/// use nonblock_mm::mmu::{AddressSpace, Event, Finish, InvalidateTwoPass, PAGE_SIZE, Range};
///
/// /// The end of what a device has in flight. It signals it when it is done.
/// type Fence = Arc<Completion>;
///
/// #[derive(Default)]
/// struct Gpu {
///     mapped: Mutex<Vec<Range>>,
///     in_flight: Mutex<Option<Fence>>,
/// }
///
/// impl InvalidateTwoPass for Gpu {
///     type Operation = Fence;
///
///     fn invalidate_start<'cx, C: Context>(
///         &self, range: &Range, cx: &'cx mut C,
///     ) -> Result<Option<Finish<'cx, Fence>>, C::Refusal> {
///         let fence = self.in_flight.acquire(cx)?.clone();
///         let Some(fence) = fence else {
///             self.mapped.acquire(cx)?.retain(|mapped| !mapped.overlaps(range));
///             return Ok(None); // the device is idle: all is done
///         };
///         let cx = cx.or_refuse()?; // a section is refused here, before anything has begun
///         self.mapped.lock(cx).retain(|mapped| !mapped.overlaps(range));
///         // ... tell the device to stop ...
///         Ok(Some(Finish::new(fence, cx)))
///     }
///
///     fn invalidate_finish(&self, _range: &Range, fence: Fence, cx: &mut Sleepable) {
///         fence.wait(cx);
///         *self.in_flight.lock(cx) = None;
///     }
/// }
///
/// let space = AddressSpace::new();
/// let range = Range::with_len(0x10_0000, 16 * PAGE_SIZE).unwrap();
/// let gpus = [(); 2].map(|()| Arc::new(Gpu::default()));
/// nonblock::sleepable(|cx| {
///     let _subscriptions = gpus.each_ref().map(|gpu| {
///         gpu.mapped.lock(cx).push(range);
///         space.subscribe_two_pass(range, Arc::clone(gpu), cx).unwrap()
///     });
///     let fence = Fence::default();
///     *gpus[1].in_flight.lock(cx) = Some(Arc::clone(&fence));
///
///     // A reaper is refused while a device is at work, and nothing is waited for.
///     assert_eq!(space.try_invalidate(range, Event::Unmap, cx).err(), Some(WouldBlock));
///     fence.complete();
///     drop(space.invalidate(range, Event::Unmap, cx));
///     assert!(gpus.iter().all(|gpu| gpu.mapped.lock(cx).is_empty()));
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be told of an interval in two passes: it does not implement `InvalidateTwoPass`",
    label = "expected a driver of two passes",
    note = "implement `nonblock_mm::mmu::InvalidateTwoPass`; a driver of one pass, an `InvalidateInterval`, is subscribed by `subscribe_interval`"
)]
pub trait InvalidateTwoPass: Send + Sync {
    /// What the first pass hands to the second: a fence, for instance, or the number of a request.
    type Operation: Send;

    /// The first pass: takes the addresses that the range and the interval have in common from the device, or tells the device
    /// to let go of them, without waiting for it.
    ///
    /// Take the lock under which the driver calls [`read_retry`](super::IntervalSubscription::read_retry): the protocol
    /// depends on it.
    ///
    /// # Arguments
    ///
    /// * `range`: what is invalidated. It meets the interval, and may reach beyond it.
    ///
    /// # Returns
    ///
    /// `None` if the work is done. Else a [`Finish`] with the operation that has begun: a second pass follows.
    ///
    /// # Context
    ///
    /// Either. With a `Sleepable` it may sleep, but all devices behind this one wait meanwhile. With a `NonBlock` it runs in a
    /// section. It then completes the work, or refuses.
    ///
    /// # Errors
    ///
    /// The refusal of the context; only a `NonBlock` has one. What was done before a refusal stays done, so refuse before
    /// anything has begun. No `invalidate_finish` and no `invalidate_end` follows.
    fn invalidate_start<'cx, C: Context>(
        &self,
        range: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, Self::Operation>>, C::Refusal>;

    /// The second pass: waits until the operation is over.
    ///
    /// Called once for each [`Finish`] that the first pass returned, by the same thread, also if another driver panicked.
    ///
    /// # Context
    ///
    /// May sleep.
    fn invalidate_finish(&self, range: &Range, operation: Self::Operation, cx: &mut Sleepable);

    /// The invalidation is over.
    ///
    /// Called once for each `invalidate_start` that succeeded, after the second pass, also if another driver refused or
    /// panicked.
    ///
    /// # Context
    ///
    /// Always in a section. See [`Notifier::invalidate_range_end`](super::Notifier::invalidate_range_end).
    fn invalidate_end(&self, range: &Range, nb: &mut NonBlock) {
        let _ = (range, nb);
    }
}

/// What a first pass has begun, and the right to wait for it: the second pass finishes it.
///
/// [`InvalidateTwoPass::invalidate_start`] returns it. It borrows the right to sleep of that call. A caller that must not sleep
/// has no such right, so its first pass cannot return one. Mirrors Linux's `struct mmu_interval_notifier_finish`
/// (`include/linux/mmu_notifier.h`, 7.1).
///
/// # Context
///
/// A plain value. It exists only where its caller may sleep.
///
/// # Examples
///
/// See [`InvalidateTwoPass`].
#[must_use = "the second pass follows only if the first one returns this: return `Ok(Some(finish))`"]
pub struct Finish<'cx, T> {
    operation: T,
    cx: &'cx mut Sleepable,
}

impl<'cx, T> Finish<'cx, T> {
    /// Asks for a second pass, which is given the operation.
    ///
    /// # Arguments
    ///
    /// * `cx`: the right to sleep, from `cx.or_refuse()?` of the first pass's context.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn new(operation: T, cx: &'cx mut Sleepable) -> Self {
        Self { operation, cx }
    }
}

impl<T: fmt::Debug> fmt::Debug for Finish<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finish").field("operation", &self.operation).finish_non_exhaustive()
    }
}

/// A driver of two passes, as one interval's notifier, with the operation that it has under way.
pub(super) struct TwoPass<D: InvalidateTwoPass> {
    driver: Arc<D>,
    /// Taken from the first pass of an invalidation to its second.
    operation: SpinLock<Option<(PassId, D::Operation)>>,
}

impl<D: InvalidateTwoPass> TwoPass<D> {
    pub(super) fn new(driver: Arc<D>) -> Self {
        Self { driver, operation: SpinLock::new(None) }
    }

    /// Both passes, one right after the other.
    fn in_one_pass<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        // Whoever must not sleep has no `Finish`.
        if let Some(Finish { operation, cx }) = self.driver.invalidate_start(range, cx)? {
            self.finish_at_once(range, operation, cx);
        }
        Ok(())
    }

    /// The second pass, within the call that makes the first. To the caller its panic is one of the first pass, after which
    /// there is no end call. But the start has succeeded, so its end is called here.
    fn finish_at_once(&self, range: &Range, operation: D::Operation, cx: &mut Sleepable) {
        let end = EndAfterPanic { driver: &*self.driver, range };
        self.driver.invalidate_finish(range, operation, cx);
        mem::forget(end);
    }
}

/// Calls the end of an invalidation if this is dropped, which only a panic of the second pass does.
struct EndAfterPanic<'a, D: InvalidateTwoPass> {
    driver: &'a D,
    range: &'a Range,
}

impl<D: InvalidateTwoPass> Drop for EndAfterPanic<'_, D> {
    fn drop(&mut self) {
        // A second panic would abort. The first one goes on.
        FirstPanic::new().catch(|| raw::non_block(|nb| self.driver.invalidate_end(self.range, nb)));
    }
}

impl<D: InvalidateTwoPass> IntervalNotifier for TwoPass<D> {
    fn invalidate_interval_start(&self, range: &Range, cx: &mut Sleepable) {
        let Ok(()) = self.in_one_pass(range, cx);
    }

    fn invalidate_interval_start_nonblock(
        &self,
        range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.in_one_pass(range, nb)
    }

    fn invalidate_interval_end(&self, range: &Range, nb: &mut NonBlock) {
        self.driver.invalidate_end(range, nb);
    }

    fn first_pass(&self, range: &Range, id: PassId, cx: &mut Sleepable) -> bool {
        let Ok(finish) = self.driver.invalidate_start(range, cx);
        let Some(Finish { operation, cx }) = finish else { return false };
        let not_kept = self.operation.with(cx, |kept, _nb| match kept {
            None => {
                *kept = Some((id, operation));
                None
            }
            Some(_) => Some(operation),
        });
        match not_kept {
            None => true,
            Some(operation) => {
                self.finish_at_once(range, operation, cx);
                false
            }
        }
    }

    fn second_pass(&self, range: &Range, id: PassId, cx: &mut Sleepable) -> bool {
        let own = self.operation.with(cx, |kept, _nb| kept.take_if(|(owner, _)| *owner == id));
        let Some((_, operation)) = own else { return false };
        self.driver.invalidate_finish(range, operation, cx);
        true
    }
}
