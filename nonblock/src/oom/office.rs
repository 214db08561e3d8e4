//! What the reaper's thread shares with its handles, and works by.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::builder::Builder;
use super::stats::Counters;
use crate::report::Place;

/// How a reaper's thread works.
pub(super) struct Office {
    pub(super) setup: Builder,
    pub(super) counters: Arc<Counters>,
    pub(super) abandoned: Arc<AtomicBool>,
    /// Where the reaper was started, for reports on what its callbacks leave behind.
    pub(super) place: Place,
}

impl Office {
    /// Says whether every victim is called off.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }
}
