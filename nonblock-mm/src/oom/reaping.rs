//! The handle of a victim that is being reaped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nonblock::sync::OnceLock;
use nonblock::{Sleepable, might_sleep};

use super::mailbox::Mailbox;
use super::reaped::Reaped;

/// A victim that is queued or being reaped. If this is dropped, the reaper goes on with the victim.
#[derive(Debug)]
#[must_use = "what came of it is learnt by `wait`"]
pub struct Reaping {
    pub(super) result: Arc<OnceLock<Reaped>>,
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) mailbox: Arc<Mailbox>,
}

impl Reaping {
    /// Waits until the reaper has taken all memory or given the victim up, or until the victim was cancelled.
    ///
    /// # Context
    ///
    /// May sleep.
    #[track_caller]
    pub fn wait(self, cx: &mut Sleepable) -> Reaped {
        might_sleep();
        self.result.wait(cx);
        // The reaper's thread may have its part of it still.
        let set = match Arc::try_unwrap(self.result) {
            Ok(result) => result.into_inner(),
            Err(shared) => shared.get().cloned(),
        };
        set.expect("it was set")
    }

    /// Returns the result if the reaper is done with the victim.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn poll(&mut self) -> Option<&Reaped> {
        self.result.get()
    }

    /// Cancels the reaping: it ends as [`Cancelled`](super::ReapOutcome::Cancelled), unless it has ended already.
    ///
    /// A try that is under way stops before the next mapping. Memory that was taken stays taken.
    ///
    /// # Context
    ///
    /// Does not sleep. Allocates. [`wait`](Reaping::wait) returns when the reaper has dropped the victim.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        self.mailbox.notify();
    }
}
