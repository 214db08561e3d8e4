//! The handle of a victim that is being reaped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nonblock::{Sleepable, might_sleep};

use super::mailbox::Mailbox;
use super::outcome::Outcome;
use super::reaped::Reaped;

/// A victim that is queued or being reaped. If this is dropped, the reaper goes on with the victim.
#[derive(Debug)]
#[must_use = "what came of it is learnt by `wait`"]
pub struct Reaping {
    pub(super) outcome: Arc<Outcome>,
    pub(super) cancelled: Arc<AtomicBool>,
    /// Wakes the reaper's thread, which may wait for a later try.
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
        self.outcome.wait(cx).expect("the reaper reports on every victim before its thread ends")
    }

    /// Returns the result if the reaper is done with the victim.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn poll(&mut self) -> Option<&Reaped> {
        self.outcome.get()
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
