//! What the thread of a reaper knows, apart from its victims. The counters and the flag are shared with the `Reaper`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nonblock::Place;

use super::config::Config;
use super::stats::Counters;

/// What the thread of a reaper knows, apart from its victims.
pub(super) struct ReaperState {
    pub(super) config: Config,
    pub(super) counters: Arc<Counters>,
    /// Whether every victim is cancelled.
    pub(super) abandoned: Arc<AtomicBool>,
    /// Where the reaper was started. Reports name this place if a callback leaves a section open.
    pub(super) place: Place,
}

impl ReaperState {
    /// Returns whether every victim is cancelled.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }
}
