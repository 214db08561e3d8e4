//! A subscription. `unsubscribe` ends it and waits for callbacks under way; its drop ends it and waits for nothing.

use std::sync::{Arc, Weak};

use nonblock::rcu::{SharedTombstone, VersionClock};
use nonblock::{Sleepable, might_sleep};

use super::subscriptions::Subscriptions;
use super::subscriptions_snapshot::Removed;

/// The subscription of a notifier to an address space, until it is ended or dropped.
///
/// It may outlive the address space, and move to another thread.
///
/// # Context
///
/// [`unsubscribe`](Subscription::unsubscribe) may sleep: it waits for the callbacks. **Dropping does not sleep**, and may
/// happen in a section. After a drop, invalidations that begin later skip the notifier; those under way still call it, up to
/// their end call. A later change of the list, or [`synchronize`](super::AddressSpace::synchronize), takes the notifier off
/// the list and drops the driver's `Arc`, on a thread that may sleep. If the address space was dropped or released before, the
/// drop frees only the few parts that the subscription itself is made of, and nothing of the driver.
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
    // Weak, and upgraded only with the token, so that nothing done in a section drops the drivers of the address space.
    subscriptions: Weak<Subscriptions>,
    clock: Arc<VersionClock<Removed>>,
    tombstone: SharedTombstone,
}

impl Subscription {
    pub(super) fn new(subscriptions: &Arc<Subscriptions>, tombstone: SharedTombstone) -> Self {
        let clock = Arc::clone(&subscriptions.clock);
        Self { subscriptions: Arc::downgrade(subscriptions), clock, tombstone }
    }

    /// Ends the subscription, and waits until every invalidation that may still call the notifier has ended. No callback runs
    /// after this has returned.
    ///
    /// A thread that has an invalidation open, of any address space, cannot wait: it would wait for itself, or for a thread
    /// that waits for it in turn. This is so within a callback, and while the thread holds an
    /// [`Invalidation`](super::Invalidation). The call then only does what a drop does: invalidations that begin later skip
    /// the notifier, those under way still call it. [`ends_are_deferred`](nonblock::rcu::ends_are_deferred) tells this
    /// beforehand.
    ///
    /// Mirrors Linux's `mmu_notifier_unregister()` (`mm/mmu_notifier.c`, 6.12), without the call of `release`, which the
    /// caller can make itself. In Linux, a call from within a callback waits for ever.
    ///
    /// # Context
    ///
    /// May sleep. Hold no lock that a callback of the same address space takes. Other drivers whose subscriptions have
    /// ended may be dropped here, with no lock held. Nobody waits for another thread's drops.
    ///
    /// # Panics
    ///
    /// If the drop of such a driver panics, the panic passes through, after the waiting.
    #[track_caller]
    pub fn unsubscribe(self, cx: &mut Sleepable) {
        might_sleep();
        self.remove();
        if let Some(subscriptions) = self.subscriptions.upgrade() {
            subscriptions.synchronize(cx);
        }
    }

    /// Ends the subscription for the invalidations that begin from now on. A second call does nothing.
    fn remove(&self) {
        self.clock.remove(&self.tombstone, |removed, _nb| removed.listed += 1);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.remove();
    }
}
