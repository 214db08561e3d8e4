//! An interval of an address space, without its driver.

use std::sync::Arc;

use nonblock::rcu::Tombstone;
use nonblock::sync::SpinLock;

use super::invalidate_seq::InvalidateSeq;
use super::range::Range;

/// The order of the intervals: by start, and by subscription among those that start at one address.
pub(super) type Key = (usize, u64);

/// An interval, as the tree and its subscription share it. It keeps no driver, so it can be freed anywhere.
#[derive(Debug)]
pub(super) struct Interval {
    range: Range,
    id: u64,
    pub(super) tombstone: Tombstone,
    pub(super) invalidate_seq: InvalidateSeq,
    /// The one that was removed before it.
    pub(super) next_removed: SpinLock<Option<Arc<Interval>>>,
}

impl Interval {
    /// # Arguments
    ///
    /// * `id`: one that no other interval has, and greater than those made before.
    pub(super) fn new(range: Range, id: u64) -> Arc<Self> {
        Arc::new(Self {
            range,
            id,
            tombstone: Tombstone::new(),
            invalidate_seq: InvalidateSeq::new(),
            next_removed: SpinLock::new(None),
        })
    }

    pub(super) fn range(&self) -> &Range {
        &self.range
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn key(&self) -> Key {
        (self.range.start(), self.id)
    }
}
