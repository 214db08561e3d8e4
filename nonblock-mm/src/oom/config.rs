//! The numbers that a reaper works by, and its watcher.

use core::time::Duration;

use super::event::ReapEvent;

/// How often a reaper tries a victim unless told otherwise. Linux's `MAX_OOM_REAP_RETRIES` (`mm/oom_kill.c`, 6.12).
pub const TRIES: u32 = 10;

/// How long a reaper waits between two tries unless told otherwise. Linux's `HZ/10` (`mm/oom_kill.c`, 6.12).
pub const INTERVAL: Duration = Duration::from_millis(100);

/// What is told of a reaper's progress.
pub(super) type Watcher = Box<dyn Fn(&ReapEvent) + Send>;

/// How a reaper works.
pub(super) struct Config {
    pub(super) tries: u32,
    pub(super) interval: Duration,
    pub(super) max_interval: Option<Duration>,
    pub(super) watcher: Option<Watcher>,
}

impl Default for Config {
    fn default() -> Self {
        Self { tries: TRIES, interval: INTERVAL, max_interval: None, watcher: None }
    }
}

impl Config {
    /// Returns how long to wait after a try: 1 for the first.
    pub(super) fn interval_after(&self, attempt: u32) -> Duration {
        let Some(most) = self.max_interval else { return self.interval };
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
        self.interval.saturating_mul(factor).min(most)
    }
}
