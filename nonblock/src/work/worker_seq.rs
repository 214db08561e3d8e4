//! The sequence count of a worker: odd while the worker is busy, as in Linux's `seqcount_t` (`include/linux/seqlock.h`, 6.12).

use crate::primitive::{AtomicUsize, Ordering};

/// A count that is odd while its worker looks for an item or handles one. The worker alone writes it.
#[derive(Debug)]
pub(super) struct BusyCount(AtomicUsize);

impl BusyCount {
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Begins a busy time. The worker calls it before it takes an item, so a thread that knows that the item is taken sees this.
    pub(super) fn begin(&self) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }

    /// Ends the busy time. The worker calls it when it has handled the item, or found none.
    pub(super) fn end(&self) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }

    /// Returns the count if the worker is busy.
    pub(super) fn busy(&self) -> Option<usize> {
        let count = self.0.load(Ordering::Acquire);
        (count % 2 == 1).then_some(count)
    }
}
