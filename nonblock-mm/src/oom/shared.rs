//! What the reaper's thread works by, and shares with its handles.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nonblock::Place;

use super::config::Config;
use super::stats::Counters;

/// How a reaper's thread works.
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) counters: Arc<Counters>,
    pub(super) abandoned: Arc<AtomicBool>,
    /// Where the reaper was started, for reports on what its callbacks leave behind.
    pub(super) place: Place,
}

impl Shared {
    /// Says whether every victim is called off.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }
}
