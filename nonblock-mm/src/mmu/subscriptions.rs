//! What an address space and its subscriptions share: who is subscribed, and how that changes.

use core::error::Error;
use core::fmt;
use std::sync::Arc;

use nonblock::Sleepable;
use nonblock::rcu::{GracePeriod, Rcu, SharedTombstone, VersionClock, ends_are_deferred};
use nonblock::unwind::FirstPanic;

use super::snapshot::{Phase, Removed, Snapshot};

/// What is done with the snapshot before, once a subscriber was added.
#[derive(Clone, Copy)]
pub(super) enum After {
    /// It is left to the next change.
    Leave,
    /// It is looked whether invalidations are left that found it.
    Look,
}

/// What an address space and its subscriptions share.
#[derive(Debug)]
pub(super) struct Subscriptions {
    pub(super) snapshot: Rcu<Snapshot>,
    // In an `Arc` of its own, since subscriptions that outlive the address space use it too.
    pub(super) clock: Arc<VersionClock<Removed>>,
}

impl Subscriptions {
    pub(super) fn new() -> Self {
        Self { snapshot: Rcu::new(Snapshot::empty(Phase::Live)), clock: Arc::default() }
    }

    /// Adds a subscriber.
    ///
    /// The closure gets the grace period of the invalidations that began before, and returns the subscription. If a driver
    /// that is dropped meanwhile panics, the subscription is dropped, and so ended.
    #[track_caller]
    pub(super) fn add<S>(
        &self,
        add: impl FnOnce(&mut Snapshot, GracePeriod) -> S,
        after: After,
        cx: &mut Sleepable,
    ) -> Result<S, Released> {
        let mut writer = self.snapshot.write(cx);
        if writer.current().phase != Phase::Live {
            return Err(Released);
        }
        let (now, removed) = self.clock.take_notes();
        let mut snapshot = writer.current().without_removed(now, removed);
        let subscription = add(&mut snapshot, writer.grace_period());
        writer.publish(snapshot);
        match after {
            After::Leave => writer.collect_if_many(),
            After::Look => writer.collect_if_quiet(),
        }
        Ok(subscription)
    }

    /// Takes the chosen subscribers off, and those that were removed, and waits until nobody calls them.
    #[track_caller]
    pub(super) fn take_off(&self, chosen: impl Fn(&SharedTombstone) -> bool, cx: &mut Sleepable) {
        let mut writer = self.snapshot.write(cx);
        let (now, removed) = self.clock.take_notes();
        let choice = writer.current().list.any(|entry| chosen(entry.tombstone()));
        if choice || !removed.is_empty() {
            let mut snapshot = writer.current().without_removed(now, removed);
            if choice {
                let list = snapshot.list.without_removed(now, |entry| !chosen(entry.tombstone()));
                snapshot.list = list;
            }
            writer.publish(snapshot);
        }
        let period = writer.grace_period();
        let mut first_panic = FirstPanic::new();
        first_panic.catch(|| writer.collect());
        self.synchronize_since(period, &mut first_panic, cx);
        first_panic.resume();
    }

    /// Waits for the invalidations that may have found an older snapshot, unless this thread may have one of them open.
    #[track_caller]
    pub(super) fn synchronize_since(
        &self,
        period: GracePeriod,
        first_panic: &mut FirstPanic,
        cx: &mut Sleepable,
    ) {
        if !ends_are_deferred() {
            self.snapshot.synchronize_catching(cx, period, first_panic);
        }
    }
}

/// The address space was released: nobody can subscribe to it.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use nonblock_mm::mmu::{AddressSpace, Invalidate, Range, Released};
/// # use nonblock::Context;
/// # struct Device;
/// # impl Invalidate for Device {
/// #     fn invalidate<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> { Ok(()) }
/// # }
///
/// let space = AddressSpace::new();
/// nonblock::sleepable(|cx| {
///     space.release(cx);
///     assert_eq!(space.subscribe(Arc::new(Device), cx).err(), Some(Released));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released;

impl fmt::Display for Released {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address space was released: nobody can subscribe to it any more")
    }
}

impl Error for Released {}
