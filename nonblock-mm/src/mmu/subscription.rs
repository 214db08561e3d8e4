//! A subscription, and its two ends: one that waits, and one that does not.

use std::sync::{Arc, Weak};

use nonblock::rcu::{SharedTombstone, VersionClock};
use nonblock::{Sleepable, might_sleep};

use super::snapshot::Removed;
use super::subscriptions::Subscriptions;

/// A notifier's place in an address space, until it is ended or dropped.
///
/// It may outlive the address space, and move to another thread.
///
/// # Context
///
/// [`unsubscribe`](Subscription::unsubscribe) may sleep: it waits for the callbacks. **Dropping it does not**, and may happen in a section: invalidations
/// that begin later pass the notifier by, those under way still call it, to their end. It is taken off the list, and
/// the driver's `Arc` dropped, by one of the later changes of the list or
/// [`synchronize`](super::AddressSpace::synchronize), on a thread that may sleep. A drop after the address space's own, or its
/// release, frees what little the subscription itself is made of, and nothing of the driver's.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use nonblock_mm::mmu::{AddressSpace, Invalidate, Range};
/// # use nonblock::Context;
/// # struct Device;
/// # impl Invalidate for Device {
/// #     fn invalidate<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> { Ok(()) }
/// # }
///
/// let space = AddressSpace::new();
/// let device = Arc::new(Device);
/// nonblock::sleepable(|cx| {
///     let waiting = space.subscribe(device.clone(), cx).unwrap();
///     let deferring = space.subscribe(device.clone(), cx).unwrap();
///
///     waiting.unsubscribe(cx); // waits, and drops its `Arc`
///     assert_eq!(Arc::strong_count(&device), 2);
///
///     cx.non_block(|_nb| drop(deferring)); // does neither
///     assert_eq!(Arc::strong_count(&device), 2);
///     space.synchronize(cx);
///     assert_eq!(Arc::strong_count(&device), 1);
/// });
/// ```
#[derive(Debug)]
#[must_use = "the subscription ends when this is dropped: keep it as long as the driver is to be told, bound to a name, since `let _` drops it at once"]
pub struct Subscription {
    // Weak, and upgraded only with the token: nothing that is done in a section drops the space's drivers.
    subscriptions: Weak<Subscriptions>,
    clock: Arc<VersionClock<Removed>>,
    tombstone: SharedTombstone,
    ended: bool,
}

impl Subscription {
    pub(super) fn new(subscriptions: &Arc<Subscriptions>, tombstone: SharedTombstone) -> Self {
        let clock = Arc::clone(&subscriptions.clock);
        Self { subscriptions: Arc::downgrade(subscriptions), clock, tombstone, ended: false }
    }

    /// Ends the subscription, and waits for every invalidation that may still call the notifier, from its start
    /// to its end. No callback runs after this has returned.
    ///
    /// Called by a thread that has an invalidation open, of whatever address space, it cannot wait: it would wait for
    /// itself, or for a thread that likewise waits for it. This is so within a callback, and while holding an
    /// [`Invalidation`](super::Invalidation). It then only does what a drop does: invalidations that begin later pass the notifier
    /// by, those under way still call it. [`ends_are_deferred`](nonblock::rcu::ends_are_deferred) tells beforehand.
    ///
    /// Mirrors Linux's `mmu_notifier_unregister()` (`mm/mmu_notifier.c`, 6.12), without the call of `release`: who
    /// unsubscribes can do that itself. There, a call from within a callback waits for ever.
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
        if let Some(subscriptions) = self.subscriptions.upgrade() {
            subscriptions.take_off(|tombstone| tombstone.is(&self.tombstone), cx);
        }
        self.ended = true;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if !self.ended {
            self.clock.remove(&self.tombstone, |removed, _nb| removed.listed = true);
        }
    }
}
