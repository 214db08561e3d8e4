//! What becomes of one victim: the reaper's thread reports it once, and the handle of the victim waits for it.
//!
//! The handle looks by a load, since it may do so in a section.

use std::sync::{Arc, OnceLock};

use nonblock::Sleepable;
use nonblock::sync::Completion;

use super::reaped::Reaped;

/// The result of one victim, once there is one.
#[derive(Debug)]
pub(super) struct Outcome {
    reaped: OnceLock<Reaped>,
    is_over: Completion,
}

impl Outcome {
    /// Returns the outcome, and the way to report it.
    pub(super) fn new() -> (Arc<Self>, Reporter) {
        let outcome = Arc::new(Self { reaped: OnceLock::new(), is_over: Completion::new() });
        (Arc::clone(&outcome), Reporter(outcome))
    }

    /// Returns the result if there is one.
    pub(super) fn get(&self) -> Option<&Reaped> {
        self.reaped.get()
    }

    /// Waits for the result. `None` if the reaper's thread ended without one.
    #[track_caller]
    pub(super) fn wait(self: Arc<Self>, cx: &mut Sleepable) -> Option<Reaped> {
        self.is_over.wait(cx);
        match Arc::try_unwrap(self) {
            Ok(outcome) => outcome.reaped.into_inner(),
            // The reporter is not dropped yet.
            Err(shared) => shared.reaped.get().cloned(),
        }
    }
}

/// Reports the result. Where it is dropped without, whoever waits learns of that.
#[derive(Debug)]
pub(super) struct Reporter(Arc<Outcome>);

impl Reporter {
    pub(super) fn report(self, reaped: Reaped) {
        // Nobody else sets it, and this takes the reporter.
        let _ = self.0.reaped.set(reaped);
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.0.is_over.complete_all();
    }
}
