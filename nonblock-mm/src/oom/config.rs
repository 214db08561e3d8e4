//! The settings of a reaper: its numbers and its watcher.

use core::time::Duration;

use super::reap_event::ReapEvent;

/// How many times a reaper tries a victim by default. Linux's `MAX_OOM_REAP_RETRIES` (`mm/oom_kill.c`, 6.12).
pub const TRIES: u32 = 10;

/// How long a reaper waits between two tries by default. Linux's `HZ/10` (`mm/oom_kill.c`, 6.12).
pub const INTERVAL: Duration = Duration::from_millis(100);

/// The closure that is told of a reaper's progress.
pub(super) type Watcher = Box<dyn Fn(&ReapEvent) + Send>;

/// The settings of a reaper.
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
    /// Returns how long to wait after a try. The first try has the number 1.
    pub(super) fn interval_after(&self, attempt: u32) -> Duration {
        let Some(max) = self.max_interval else { return self.interval };
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
        self.interval.saturating_mul(factor).min(max)
    }
}
