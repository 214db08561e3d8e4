//! The notifiers that are subscribed to an address space, and adding and removing them. A subscription uses it to end itself.

use std::sync::Arc;

use nonblock::Sleepable;
use nonblock::rcu::{GracePeriod, Rcu, SharedTombstone, VersionClock, ends_are_deferred};
use nonblock::unwind::FirstPanic;

use super::released::Released;
use super::snapshot::{Phase, Removed, Snapshot};
use super::turn::Turns;

/// When adding a notifier frees the snapshots that were replaced.
#[derive(Clone, Copy)]
pub(super) enum Collect {
    /// If many wait to be freed.
    IfMany,
    /// If no invalidation seems to be under way, or many wait to be freed.
    IfQuiet,
}

/// The notifiers of an address space. Its subscriptions have a share in it.
#[derive(Debug)]
pub(super) struct Subscriptions {
    pub(super) snapshot: Rcu<Snapshot>,
    // It has an `Arc` of its own, because a subscription that outlives the address space still uses it.
    pub(super) clock: Arc<VersionClock<Removed>>,
    pub(super) turns: Turns,
}

impl Subscriptions {
    pub(super) fn new() -> Self {
        Self {
            snapshot: Rcu::new(Snapshot::empty(Phase::Live)),
            clock: Arc::default(),
            turns: Turns::new(),
        }
    }

    /// Adds a notifier.
    ///
    /// The closure adds it to the snapshot, and returns the subscription. Its second argument is the grace period of the
    /// invalidations that began earlier. Adding may drop drivers that were removed earlier. If such a drop panics, the new
    /// subscription is dropped, and so ended.
    #[track_caller]
    pub(super) fn add<S>(
        &self,
        add: impl FnOnce(&mut Snapshot, GracePeriod) -> S,
        collect: Collect,
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
        match collect {
            Collect::IfMany => writer.collect_if_many(),
            Collect::IfQuiet => writer.collect_if_quiet(),
        }
        Ok(subscription)
    }

    /// Takes the chosen notifiers off the list, together with everything that was removed before, and waits until
    /// no invalidation calls them.
    #[track_caller]
    pub(super) fn remove_and_synchronize(
        &self,
        chosen: impl Fn(&SharedTombstone) -> bool,
        cx: &mut Sleepable,
    ) {
        let mut writer = self.snapshot.write(cx);
        let (now, removed) = self.clock.take_notes();
        let any_chosen = writer.current().list.any(|entry| chosen(entry.tombstone()));
        if any_chosen || !removed.is_empty() {
            let mut snapshot = writer.current().without_removed(now, removed);
            if any_chosen {
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

    /// Waits until the invalidations that may have pinned an older snapshot have ended. If this thread may have one of them open,
    /// it does not wait: it would wait for itself.
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
