//! What a callback in a section leaves to a thread that may sleep.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use nonblock::{Sleepable, may_sleep};
use nonblock_linux::time;
use nonblock_linux::work::Handle;

/// How many flushes can wait.
pub(crate) const CAPACITY: usize = 64;

/// Flushes the device's buffers of the pages that it gave up, which takes the device a millisecond.
#[derive(Default)]
pub(crate) struct Flusher {
    flushes: AtomicU64,
}

/// A range that the device gave up.
pub(crate) struct Flush;

impl Flusher {
    /// Returns how many flushes are done.
    pub(crate) fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Relaxed)
    }
}

#[may_sleep]
impl Handle for Flusher {
    type Item = Flush;

    fn handle(&self, _flush: Flush, cx: &mut Sleepable) {
        time::sleep(cx, Duration::from_millis(1));
        self.flushes.fetch_add(1, Ordering::Relaxed);
    }
}
