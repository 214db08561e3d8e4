//! A wait group: it counts the workers of a queue, and lets a thread wait until the last one has ended.

use std::sync::Arc;

use crate::event_count::EventCount;
use crate::primitive::{AtomicUsize, Ordering};

/// Counts the workers that have not ended.
pub(super) struct LiveWorkers {
    workers: AtomicUsize,
    empty: EventCount,
}

impl LiveWorkers {
    /// Waits until no worker is left.
    pub(super) fn wait(&self) {
        self.empty.wait_while_not(|| self.workers.load(Ordering::Acquire) == 0);
    }
}

impl Default for LiveWorkers {
    fn default() -> Self {
        Self { workers: AtomicUsize::new(0), empty: EventCount::new() }
    }
}

impl core::fmt::Debug for LiveWorkers {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("LiveWorkers").field(&self.workers).finish()
    }
}

/// The membership of one worker in a [`LiveWorkers`]. It ends when this is dropped, by unwinding too.
pub(super) struct Member(Arc<LiveWorkers>);

impl Member {
    pub(super) fn join(group: &Arc<LiveWorkers>) -> Self {
        group.workers.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(group))
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if self.0.workers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.empty.notify_all();
        }
    }
}
