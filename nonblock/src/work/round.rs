//! What a worker is at, as those see it who wait for it to have done with an item.

use super::atomic::{AtomicUsize, Ordering};

/// A worker's count of rounds. It is odd while the worker looks for an item or handles one, and written by the worker alone.
#[derive(Debug)]
pub(super) struct Round(AtomicUsize);

impl Round {
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Begins one. Before an item is taken, so that who knows that it was taken sees this.
    pub(super) fn begin(&self) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }

    /// Ends it, with the item done with, or none found.
    pub(super) fn end(&self) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }

    /// Returns the round that is under way, if one is.
    pub(super) fn under_way(&self) -> Option<usize> {
        let round = self.0.load(Ordering::Acquire);
        (round % 2 == 1).then_some(round)
    }
}
