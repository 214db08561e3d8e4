//! How long a queue has workers, and who waits for the last to end.

use std::sync::Arc;

use super::atomic::{AtomicUsize, Ordering};
use super::bell::Bell;

/// How many workers have not ended.
pub(super) struct OnDuty {
    workers: AtomicUsize,
    ended: Bell,
}

impl OnDuty {
    /// Waits until no worker is left.
    pub(super) fn wait(&self) {
        self.ended.wait(|| (self.workers.load(Ordering::Acquire) == 0).then_some(()));
    }
}

impl Default for OnDuty {
    fn default() -> Self {
        Self { workers: AtomicUsize::new(0), ended: Bell::new() }
    }
}

impl core::fmt::Debug for OnDuty {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("OnDuty").field(&self.workers).finish()
    }
}

/// One worker's share in [`OnDuty`], which ends by unwinding too.
pub(super) struct Duty(Arc<OnDuty>);

impl Duty {
    pub(super) fn begin(on_duty: &Arc<OnDuty>) -> Self {
        on_duty.workers.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(on_duty))
    }
}

impl Drop for Duty {
    fn drop(&mut self) {
        if self.0.workers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.ended.ring_all();
        }
    }
}
