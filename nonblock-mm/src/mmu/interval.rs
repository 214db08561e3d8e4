//! An interval as the tree and its subscription share it: the range, the tombstone and the sequence, but not the driver.

use std::sync::Arc;

use nonblock::rcu::Tombstone;
use nonblock::sync::SpinLock;

use super::invalidate_seq::InvalidateSeq;
use super::range::Range;
use super::turn_counts::IntervalTurn;

/// The sort key of an interval: its start, and then its number. So intervals with the same start are in the order in which they
/// were subscribed.
pub(super) type Key = (usize, u64);

/// An interval, shared by the tree and the subscription. It holds no driver, so it can be freed anywhere.
#[derive(Debug)]
pub(super) struct Interval {
    range: Range,
    id: u64,
    pub(super) tombstone: Tombstone,
    pub(super) invalidate_seq: InvalidateSeq,
    pub(super) turn: IntervalTurn,
    /// The next interval in the list of removed ones (`RemovedIntervals`): the one that was removed just before this one.
    pub(super) next_removed: SpinLock<Option<Arc<Interval>>>,
}

impl Interval {
    /// # Arguments
    ///
    /// * `id`: a number that no other interval has, greater than the number of each earlier one.
    pub(super) fn new(range: Range, id: u64) -> Arc<Self> {
        Arc::new(Self {
            range,
            id,
            tombstone: Tombstone::new(),
            invalidate_seq: InvalidateSeq::new(),
            turn: IntervalTurn::new(),
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
