//! The subscription of an interval: the driver's side of the collision-retry protocol, and the two ends.

use core::mem;
use std::sync::{Arc, Weak};

use nonblock::rcu::{GracePeriod, GracePeriods, VersionClock};
use nonblock::thread::Backoff;
use nonblock::{Sleepable, might_sleep};

use super::interval::Interval;
use super::open::Open;
use super::range::Range;
use super::snapshot::Removed;
use super::subscriptions::Subscriptions;
use crate::primitive::{AtomicBool, Ordering};

/// An interval's place in an address space, until it is ended or dropped, and the driver's side of the
/// collision-retry protocol.
///
/// To mirror a page: [`read_begin`](Self::read_begin), look the page up, take the lock that the callback takes, and install what
/// was found unless [`read_retry`](Self::read_retry) says that it may be stale. [`InvalidateInterval`](super::InvalidateInterval) has the whole as an
/// example. It may outlive the address space, and move to another thread, and be shared by several.
///
/// Mirrors Linux's `struct mmu_interval_notifier` (`include/linux/mmu_notifier.h`, 6.12).
///
/// # Context
///
/// [`unsubscribe`](Self::unsubscribe) may sleep: it waits for the callbacks. **Dropping it does not**, and may happen in a section: invalidations
/// that begin later pass the interval by, those under way still call its driver, to their end. It is taken out of the
/// tree, and the driver's `Arc` dropped, by one of the later changes or
/// [`synchronize`](super::AddressSpace::synchronize), on a thread that may sleep. A drop after the address space's own, or its
/// release, frees what little the subscription itself is made of, and nothing of the driver's.
#[derive(Debug)]
#[must_use = "the subscription ends when this is dropped: keep it as long as the driver is to be told, bound to a name, since `let _` drops it at once"]
pub struct IntervalSubscription {
    // Weak, and upgraded only with the token: nothing that is done in a section drops the space's drivers.
    subscriptions: Weak<Subscriptions>,
    grace_periods: GracePeriods,
    clock: Arc<VersionClock<Removed>>,
    interval: Arc<Interval>,
    /// Until the invalidations are over that began without it.
    before: GracePeriod,
    /// Whether that has been seen to end.
    before_ended: AtomicBool,
    ended: bool,
}

/// Up to where a driver has seen the invalidations of an interval: what [`read_begin`](IntervalSubscription::read_begin) returns.
///
/// One of another interval is never right: [`read_retry`](IntervalSubscription::read_retry) tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what was read may be stale: install it only when `read_retry` has said `false`"]
pub struct Seq {
    interval: u64,
    begun: u64,
}

impl IntervalSubscription {
    pub(super) fn new(
        subscriptions: &Arc<Subscriptions>,
        interval: Arc<Interval>,
        before: GracePeriod,
    ) -> Self {
        Self {
            subscriptions: Arc::downgrade(subscriptions),
            grace_periods: subscriptions.snapshot.grace_periods().clone(),
            clock: Arc::clone(&subscriptions.clock),
            interval,
            before,
            before_ended: AtomicBool::new(false),
            ended: false,
        }
    }

    /// Returns the interval.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn range(&self) -> &Range {
        self.interval.range()
    }

    /// Begins to read the page table for the interval, as soon as no invalidation that meets it is under way.
    ///
    /// That includes those that were under way when it was subscribed, and did not call its driver: the first call waits
    /// for all of those, wherever they lie. Mirrors Linux's `mmu_interval_read_begin()` (`mm/mmu_notifier.c`, 6.12), which waits until
    /// no invalidation is under way that meets any interval of the address space.
    ///
    /// # Context
    ///
    /// May sleep. Hold no lock that a callback of the same address space takes. Drivers whose subscription ended
    /// earlier may be dropped here, and those of the address space if that is dropped meanwhile.
    ///
    /// # Panics
    ///
    /// If this thread has an invalidation open, of whatever address space, or is in one of its callbacks: it might wait for itself, or
    /// for a thread that likewise waits for it. It panics whether it would have to wait or not.
    #[track_caller]
    pub fn read_begin(&self, cx: &mut Sleepable) -> Seq {
        might_sleep();
        assert!(
            !Open::any(),
            "`read_begin` within an invalidation: expected one thread to invalidate and another to read, or one after the other"
        );
        if !self.before_ended()
            && let Some(subscriptions) = self.subscriptions.upgrade()
        {
            subscriptions.snapshot.wait_for_readers(cx, self.before);
            self.before_ended.store(true, Ordering::Release);
        }
        let mut backoff = Backoff::new();
        loop {
            if let Some(seq) = self.quiet() {
                return seq;
            }
            backoff.snooze(cx);
        }
    }

    /// Begins to read the page table for the interval, if no invalidation that meets it is under way.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no lock. With a subscription of which nobody has called [`read_begin`](Self::read_begin) yet it can
    /// return `None` for longer than it must.
    pub fn try_read_begin(&self) -> Option<Seq> {
        if !self.before_ended() {
            if !self.grace_periods.has_ended(self.before) {
                return None;
            }
            self.before_ended.store(true, Ordering::Release);
        }
        self.quiet()
    }

    /// Says whether an invalidation that meets the interval has begun since, so that what was read may be stale.
    ///
    /// **Call it with the lock held that the driver's callback takes**, and install what was read before releasing it. Then
    /// either this says `true`, or the callback is yet to come, and takes away what was installed.
    ///
    /// Mirrors Linux's `mmu_interval_read_retry()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Arguments
    ///
    /// * `seq`: from [`read_begin`](Self::read_begin) of this subscription. For that of another this returns `true`.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no lock itself.
    #[inline]
    pub fn read_retry(&self, seq: Seq) -> bool {
        seq.interval != self.interval.id() || self.interval.invalidate_seq.moved_since(seq.begun)
    }

    /// Ends the subscription, and waits for every invalidation that may still call the driver, from its start
    /// to its end. No callback runs after this has returned.
    ///
    /// Called by a thread that has an invalidation open, of whatever address space, it cannot wait, and only does what a drop
    /// does. See [`Subscription::unsubscribe`](super::Subscription::unsubscribe). Mirrors Linux's
    /// `mmu_interval_notifier_remove()` (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep. Hold no lock that a callback of the same address space takes. Other drivers whose subscription
    /// ended may be dropped here.
    ///
    /// # Panics
    ///
    /// A panic of such a driver's drop passes through, after the waiting.
    #[track_caller]
    pub fn unsubscribe(mut self, cx: &mut Sleepable) {
        might_sleep();
        self.remove();
        if let Some(subscriptions) = self.subscriptions.upgrade() {
            subscriptions.take_off(|_| false, cx);
        }
    }

    /// Returns whether the invalidations are known to be over that began without it.
    fn before_ended(&self) -> bool {
        // Pairs with the store of the thread that saw it.
        self.before_ended.load(Ordering::Acquire)
    }

    fn quiet(&self) -> Option<Seq> {
        let begun = self.interval.invalidate_seq.quiet()?;
        Some(Seq { interval: self.interval.id(), begun })
    }

    /// Ends it for invalidations that begin from now on.
    fn remove(&mut self) {
        if !mem::replace(&mut self.ended, true) {
            let interval = Arc::clone(&self.interval);
            self.clock.remove(&self.interval.tombstone, |removed, nb| {
                removed.intervals.push(interval, nb);
            });
        }
    }
}

impl Drop for IntervalSubscription {
    fn drop(&mut self) {
        self.remove();
    }
}
