//! The notifiers that are subscribed to an address space at one moment.
//!
//! A snapshot never changes. A change replaces it as a whole, and an invalidation pins the one that it found.

use core::{fmt, mem};
use std::sync::Arc;

use nonblock::rcu::{List, View};
use nonblock::{NonBlock, raw};

use super::driver_callbacks::Notifier;
use super::interval::Interval;
use super::interval_tree::{IntervalTree, Overlapping};
use super::range::Range;

/// The phase of an address space's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Live,
    /// The notifiers are being told that the process is gone. New ones are refused.
    Releasing,
    Released,
}

/// The notifiers of both kinds. Clones share their parts.
#[derive(Clone)]
pub(super) struct Snapshot {
    pub(super) list: List<dyn Notifier>,
    pub(super) tree: IntervalTree,
    /// The version of the address space's clock at which it was made. Nothing in it was removed by then.
    made_at: u64,
    pub(super) phase: Phase,
}

impl Snapshot {
    pub(super) fn empty(phase: Phase) -> Self {
        Self { list: List::new(), tree: IntervalTree::empty(), made_at: 0, phase }
    }

    /// Returns a snapshot without what was removed up to a version.
    pub(super) fn without_removed(&self, now: u64, removed: Removed) -> Self {
        let list = if removed.listed {
            self.list.without_removed(now, |_| true)
        } else {
            self.list.clone()
        };
        let mut tree = self.tree.clone();
        for interval in removed.intervals {
            tree = tree.without(interval.key());
        }
        Self { list, tree, made_at: now, phase: self.phase }
    }

    /// Returns the notifiers of the list that an invalidation calls if it began at this version.
    #[inline]
    pub(super) fn list_at(&self, version: u64) -> View<'_, dyn Notifier> {
        self.list.view_at(version, self.made_at)
    }

    /// Returns the intervals that meet the range, of which an invalidation calls the notifiers if it began at this version.
    #[inline]
    pub(super) fn intervals_at<'a>(&'a self, range: &Range, version: u64) -> Overlapping<'a> {
        self.tree.overlapping(range, version, self.made_at == version)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let intervals = self.intervals_at(&Range::whole(), self.made_at).count();
        f.debug_struct("Snapshot")
            .field("list", &self.list_at(self.made_at).count())
            .field("intervals", &intervals)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// What was removed since the last snapshot was made. The address space's clock collects it.
#[derive(Debug, Default)]
pub(super) struct Removed {
    /// Whether a notifier of the list was removed.
    pub(super) listed: bool,
    pub(super) intervals: RemovedIntervals,
}

impl Removed {
    pub(super) fn is_empty(&self) -> bool {
        !self.listed && self.intervals.first.is_none()
    }
}

/// The intervals whose subscriptions were dropped: an intrusive list, since a drop in a section must not allocate.
#[derive(Debug, Default)]
pub(super) struct RemovedIntervals {
    first: Option<Arc<Interval>>,
}

impl RemovedIntervals {
    pub(super) fn push(&mut self, interval: Arc<Interval>, nb: &NonBlock) {
        *interval.next_removed.lock(nb) = self.first.take();
        self.first = Some(interval);
    }
}

impl Iterator for RemovedIntervals {
    type Item = Arc<Interval>;

    fn next(&mut self) -> Option<Arc<Interval>> {
        let first = self.first.take()?;
        // Unlinked, so that an interval that is still in use does not keep the rest of the list.
        self.first = raw::non_block(|nb| mem::take(&mut *first.next_removed.lock(nb)));
        Some(first)
    }
}

impl Drop for RemovedIntervals {
    fn drop(&mut self) {
        // One by one: a long list that drops itself recursively would use up the stack.
        while self.next().is_some() {}
    }
}
