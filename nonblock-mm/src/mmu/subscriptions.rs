//! The notifiers that are subscribed to an address space, and adding and removing them. A subscription uses it to end itself.

use std::sync::Arc;

use nonblock::Sleepable;
use nonblock::rcu::{GracePeriod, Rcu, VersionClock, ends_are_deferred};
use nonblock::unwind::FirstPanic;

use super::released::Released;
use super::subscriptions_snapshot::{Phase, Removed, Snapshot};
use super::turn_counts::Turns;

/// How many replaced snapshots may have copies of the list, whatever invalidations keep.
const MAX_COPIES: usize = 8;

/// When the addition of a notifier frees the replaced snapshots.
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
    #[cfg_attr(feature = "lockdep", track_caller)]
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
        let readers_keep_lists = writer.retired() >= MAX_COPIES;
        let (now, removed) = self.clock.take_notes();
        let mut snapshot = writer.current().without_removed(now, removed, readers_keep_lists);
        let subscription = add(&mut snapshot, writer.grace_period());
        writer.publish(snapshot);
        match collect {
            Collect::IfMany => writer.collect_if_many(cx),
            Collect::IfQuiet => writer.collect_if_quiet(cx),
        }
        Ok(subscription)
    }

    /// Takes the notifiers off whose subscriptions have ended, and waits until no invalidation calls them.
    #[track_caller]
    pub(super) fn synchronize(&self, cx: &mut Sleepable) {
        let mut writer = self.snapshot.write(cx);
        if writer.current().phase != Phase::Released {
            let readers_keep_lists = ends_are_deferred() && writer.retired() >= MAX_COPIES;
            let (now, removed) = self.clock.take_notes();
            if !removed.is_empty() || writer.current().removed != 0 {
                let current = writer.current();
                let snapshot = current.without_removed(now, removed, readers_keep_lists);
                writer.publish(snapshot);
            }
        }
        let period = writer.grace_period();
        let mut first_panic = FirstPanic::new();
        first_panic.catch(|| writer.collect(cx));
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

impl Drop for Subscriptions {
    fn drop(&mut self) {
        // Subscriptions may live on, and share the clock. What they have put there is dropped here, and nothing more is put
        // there. So the drop of the last of them drops no more than the drop of any other.
        drop(self.clock.replace_notes(Removed::closed()));
    }
}
