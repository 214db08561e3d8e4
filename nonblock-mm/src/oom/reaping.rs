//! The handle of a victim that is being reaped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};

use nonblock::{Sleepable, might_sleep};

use super::reaped::Reaped;
use super::reaper_thread::Message;

/// A victim that is queued or being reaped. If this is dropped, the reaper goes on with the victim.
#[derive(Debug)]
#[must_use = "what came of it is learnt by `wait`"]
pub struct Reaping {
    pub(super) result: Receiver<Reaped>,
    pub(super) cancelled: Arc<AtomicBool>,
    /// Wakes the reaper's thread, which may wait for a later try.
    pub(super) messages: Sender<Message>,
    /// The result that `poll` has received.
    pub(super) polled: Option<Reaped>,
}

impl Reaping {
    /// Waits until the reaper has taken all memory or given the victim up, or until the victim was cancelled.
    ///
    /// # Context
    ///
    /// May sleep.
    #[track_caller]
    pub fn wait(self, cx: &mut Sleepable) -> Reaped {
        let _ = cx;
        might_sleep();
        self.polled.unwrap_or_else(|| {
            self.result.recv().expect("the reaper reports on every victim before its thread ends")
        })
    }

    /// Returns the result if the reaper is done with the victim.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn poll(&mut self) -> Option<&Reaped> {
        if self.polled.is_none() {
            self.polled = self.result.try_recv().ok();
        }
        self.polled.as_ref()
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
        // This fails only if the thread has ended, and then there is nothing to cancel.
        let _ = self.messages.send(Message::Cancelled);
    }
}
