//! The subscription of an interval, and the driver's side of the collision-retry protocol.

use core::mem;
use std::sync::{Arc, Weak};

use nonblock::rcu::{GracePeriod, GracePeriods, VersionClock};
use nonblock::thread::Backoff;
use nonblock::{Sleepable, might_sleep};

use super::interval::Interval;
use super::open_on_this_thread::OpenInvalidation;
use super::range::Range;
use super::subscriptions::Subscriptions;
use super::subscriptions_snapshot::Removed;
use super::waits;
use crate::primitive::{AtomicBool, Ordering};

/// The subscription of an interval to an address space, until it is ended or dropped. It has the driver's side of the
/// collision-retry protocol.
///
/// To mirror a page, call [`read_begin`](Self::read_begin), look the page up, and take the lock that the callback takes. Then
/// call [`read_retry`](Self::read_retry): if it returns `false`, install what was found, otherwise begin again.
/// [`InvalidateInterval`](super::InvalidateInterval) shows all of this in an example. Under endless invalidations that loop may
/// never end; [`mirror`](Self::mirror) does. A subscription may outlive the address
/// space, move to another thread, and be shared by several threads.
///
/// Mirrors Linux's `struct mmu_interval_notifier` (`include/linux/mmu_notifier.h`, 6.12).
///
/// # Context
///
/// [`unsubscribe`](Self::unsubscribe) may sleep: it waits for the callbacks. **Dropping does not sleep**, and may happen in a
/// section. After a drop, invalidations that begin later skip the interval; those under way still call its driver, up to
/// their end call. A later change, or [`synchronize`](super::AddressSpace::synchronize), takes the interval out of the tree
/// and drops the driver's `Arc`, on a thread that may sleep. If the address space was dropped or released before, the drop
/// frees only the few parts that the subscription itself is made of: nothing of the driver, and nothing of other
/// subscriptions, even if it is the last.
#[derive(Debug)]
#[must_use = "the subscription ends when this is dropped: keep it as long as the driver is to be told, bound to a name, since `let _` drops it at once"]
pub struct IntervalSubscription {
    // Weak, and upgraded only with the token, so that nothing done in a section drops the drivers of the address space.
    pub(super) subscriptions: Weak<Subscriptions>,
    grace_periods: GracePeriods,
    clock: Arc<VersionClock<Removed>>,
    pub(super) interval: Arc<Interval>,
    /// Ends when the invalidations that began before this subscription are over.
    before: GracePeriod,
    /// Whether `before` is known to have ended.
    before_ended: AtomicBool,
    ended: bool,
}

/// The sequence number of an interval: how many invalidations had begun when
/// [`read_begin`](IntervalSubscription::read_begin) returned it.
///
/// It names its interval: given one of another interval, [`read_retry`](IntervalSubscription::read_retry) returns `true`.
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

    /// Waits until no invalidation that meets the interval is under way, and begins to read the page table for it.
    ///
    /// The first call also waits for all invalidations that were under way when the interval was subscribed, whatever their
    /// ranges: they do not call its driver. Mirrors Linux's `mmu_interval_read_begin()` (`mm/mmu_notifier.c`, 6.12), which
    /// waits until no invalidation that meets any interval of the address space is under way.
    ///
    /// It waits for as long as invalidations overlap each other. [`mirror`](Self::mirror) waits for a limited number of them.
    ///
    /// # Context
    ///
    /// May sleep. Hold no lock that a callback of the same address space takes. Drivers whose subscription ended
    /// earlier may be dropped here. If the address space is dropped meanwhile, its drivers may be dropped here too.
    ///
    /// # Panics
    ///
    /// If this thread has an invalidation open, of any address space, or is in a callback of one. It might wait for itself,
    /// or for a thread that waits for it in turn. It panics even if it would not have to wait.
    #[track_caller]
    pub fn read_begin(&self, cx: &mut Sleepable) -> Seq {
        self.wait_for_earlier("read_begin", cx);
        waits::wait_for_invalidations();
        let mut backoff = Backoff::new();
        loop {
            if let Some(seq) = self.seq_if_idle() {
                return seq;
            }
            backoff.snooze(cx);
        }
    }

    /// Begins to read the page table for the interval, if no invalidation that meets it is under way.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no lock. Before the first call of [`read_begin`](Self::read_begin) it may return `None` for
    /// longer than necessary.
    pub fn try_read_begin(&self) -> Option<Seq> {
        if !self.before_ended() {
            if !self.grace_periods.has_ended(self.before) {
                return None;
            }
            self.before_ended.store(true, Ordering::Release);
        }
        self.seq_if_idle()
    }

    /// Returns whether an invalidation that meets the interval has begun since `read_begin`, so that what was read may be
    /// stale.
    ///
    /// **Hold the lock that the driver's callback takes**, and install what was read before you release it. Then either this
    /// returns `true`, or the callback is still to come and removes what was installed.
    ///
    /// Mirrors Linux's `mmu_interval_read_retry()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Arguments
    ///
    /// * `seq`: from [`read_begin`](Self::read_begin) of this subscription. For one of another subscription this returns
    ///   `true`.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no lock itself.
    #[inline]
    pub fn read_retry(&self, seq: Seq) -> bool {
        seq.interval != self.interval.id() || self.interval.invalidate_seq.read_retry(seq.begun)
    }

    /// Ends the subscription, and waits until every invalidation that may still call the driver has ended. No callback runs
    /// after this has returned.
    ///
    /// A thread that has an invalidation open, of any address space, cannot wait. The call then only does what a drop
    /// does. See [`Subscription::unsubscribe`](super::Subscription::unsubscribe). Mirrors Linux's
    /// `mmu_interval_notifier_remove()` (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep. Hold no lock that a callback of the same address space takes. Other drivers whose subscriptions
    /// have ended may be dropped here, with no lock held. Nobody waits for another thread's drops.
    ///
    /// # Panics
    ///
    /// If the drop of such a driver panics, the panic passes through, after the waiting.
    #[track_caller]
    pub fn unsubscribe(mut self, cx: &mut Sleepable) {
        might_sleep();
        self.remove();
        if let Some(subscriptions) = self.subscriptions.upgrade() {
            subscriptions.synchronize(cx);
        }
    }

    /// Waits for the invalidations that began before this subscription, as each way to read does first.
    #[track_caller]
    pub(super) fn wait_for_earlier(&self, caller: &str, cx: &mut Sleepable) {
        might_sleep();
        assert!(
            !OpenInvalidation::any_on_this_thread(),
            "`{caller}` within an invalidation: expected one thread to invalidate and another to read, or one after the other"
        );
        if !self.before_ended()
            && let Some(subscriptions) = self.subscriptions.upgrade()
        {
            subscriptions.snapshot.wait_for_readers(cx, self.before);
            self.before_ended.store(true, Ordering::Release);
        }
    }

    /// Returns whether the invalidations that began before this subscription are known to be over.
    fn before_ended(&self) -> bool {
        // Pairs with the store of the thread that saw the end.
        self.before_ended.load(Ordering::Acquire)
    }

    /// Returns the sequence number if no invalidation that meets the interval is under way.
    pub(super) fn seq_if_idle(&self) -> Option<Seq> {
        let begun = self.interval.invalidate_seq.try_read_begin()?;
        Some(Seq { interval: self.interval.id(), begun })
    }

    /// Ends the subscription for the invalidations that begin from now on.
    fn remove(&mut self) {
        if !mem::replace(&mut self.ended, true) {
            let interval = Arc::clone(&self.interval);
            self.clock.remove(&self.interval.tombstone, |removed, nb| {
                if !removed.closed {
                    removed.intervals.push(interval, nb);
                }
            });
        }
    }
}

impl Drop for IntervalSubscription {
    fn drop(&mut self) {
        self.remove();
    }
}
