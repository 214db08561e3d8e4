//! A counter that threads and interrupts share.

use crate::primitive::{AtomicUsize, Ordering};

/// Counts up from zero, and wraps around at the end.
///
/// Without compare-and-swap, and without the feature `portable-atomic`, one of two that are counted at the same moment may
/// be missed.
pub(super) struct Counter(AtomicUsize);

impl Counter {
    pub(super) const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Counts one more, and returns the new count.
    #[cfg(any(target_has_atomic = "ptr", feature = "portable-atomic"))]
    pub(super) fn add_one(&self) -> usize {
        self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// Counts one more, and returns the new count.
    #[cfg(not(any(target_has_atomic = "ptr", feature = "portable-atomic")))]
    pub(super) fn add_one(&self) -> usize {
        let count = self.0.load(Ordering::Relaxed).wrapping_add(1);
        self.0.store(count, Ordering::Relaxed);
        count
    }

    /// Adds so many.
    #[cfg(feature = "watch")]
    pub(super) fn add(&self, times: usize) {
        self.0.fetch_add(times, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
