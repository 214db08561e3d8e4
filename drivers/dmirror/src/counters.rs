//! What the device has counted, in the order in which programs see it.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::uapi::counter;

/// The counters. They may be counted anywhere.
pub(crate) struct Counters([AtomicU64; counter::WORDS]);

impl Counters {
    pub(crate) fn new() -> Self {
        Self([const { AtomicU64::new(0) }; counter::WORDS])
    }

    /// Counts one.
    ///
    /// # Arguments
    ///
    /// * `which`: one of [`counter`].
    pub(crate) fn count(&self, which: usize) {
        self.add(which, 1);
    }

    /// Counts several.
    pub(crate) fn add(&self, which: usize, many: u64) {
        if let Some(counter) = self.0.get(which) {
            counter.fetch_add(many, Ordering::Relaxed);
        }
    }

    /// Sets the counter to what was seen last.
    pub(crate) fn set(&self, which: usize, value: u64) {
        if let Some(counter) = self.0.get(which) {
            counter.store(value, Ordering::Relaxed);
        }
    }

    /// Returns them all.
    pub(crate) fn get(&self) -> [u64; counter::WORDS] {
        self.0.each_ref().map(|counter| counter.load(Ordering::Relaxed))
    }
}
