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
    /// The version of the address space's clock up to which everything that was removed has been taken off.
    made_at: u64,
    /// How many notifiers of the list are known to be removed. They are still listed, to make no copy of the list.
    pub(super) removed: usize,
    pub(super) phase: Phase,
}

impl Snapshot {
    pub(super) fn empty(phase: Phase) -> Self {
        Self { list: List::new(), tree: IntervalTree::empty(), made_at: 0, removed: 0, phase }
    }

    /// Returns a snapshot without what was removed up to a version, or without most of it.
    ///
    /// While an invalidation keeps replaced snapshots, most changes take nothing off the list, so as not to copy it. Notifiers
    /// are taken off when a half of the list was removed. So the copies take no more memory than the notifiers that were
    /// added. The tree is changed in any case: a change copies a few of its nodes only.
    pub(super) fn without_removed(
        &self,
        now: u64,
        removed: Removed,
        readers_keep_lists: bool,
    ) -> Self {
        let listed = self.removed + removed.listed;
        let few = readers_keep_lists && listed < self.list.len() / 2;
        let (list, made_at, listed) = match listed {
            0 => (self.list.clone(), now, 0),
            _ if few => (self.list.clone(), self.made_at, listed),
            _ => (self.list.without_removed(now, |_| true), now, 0),
        };
        let mut tree = self.tree.clone();
        for interval in removed.intervals {
            tree = tree.without(interval.key());
        }
        Self { list, tree, made_at, removed: listed, phase: self.phase }
    }

    /// Returns the notifiers of the list that an invalidation calls if it began at this version.
    #[inline]
    pub(super) fn list_at(&self, version: u64) -> View<'_, dyn Notifier> {
        self.list.view_at(version, self.made_at)
    }

    /// Returns the intervals that meet the range, of which an invalidation calls the notifiers if it began at this version.
    #[inline]
    pub(super) fn intervals_at<'a>(&'a self, range: &'a Range, version: u64) -> Overlapping<'a> {
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
    /// How many notifiers of the list were removed.
    pub(super) listed: usize,
    pub(super) intervals: RemovedIntervals,
    /// Whether the address space has no tree any more, because it was released or dropped. Then nobody would take an interval
    /// from here, so none is put here.
    pub(super) closed: bool,
}

impl Removed {
    /// Returns the notes that keep no interval.
    pub(super) fn closed() -> Self {
        Self { closed: true, ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listed == 0 && self.intervals.first.is_none()
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
