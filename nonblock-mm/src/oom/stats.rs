//! The counters of a reaper.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use super::reaped::{ReapOutcome, Reaped};

/// The counts of a reaper since it was started. See [`Reaper::stats`](super::Reaper::stats).
///
/// They are read one after another, so they may not match exactly while the reaper works. The counts of ends are made when a
/// victim ends. Tries and their results are counted when they happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReaperStats {
    /// How many victims were queued.
    pub victims: u64,
    /// How many victims' memory was taken completely.
    pub complete: u64,
    /// How many victims were given up after the last try.
    pub given_up: u64,
    /// How many victims were cancelled.
    pub cancelled: u64,
    /// How many tries were made.
    pub attempts: u64,
    /// In how many tries the memory lock was held by another thread.
    pub busy: u64,
    /// How many times a driver refused a range.
    pub refusals: u64,
    /// How many times a driver's callback panicked.
    pub panics: u64,
    /// How many times the kernel refused to take a range's pages.
    pub failures: u64,
    /// How many bytes fewer were resident at the victims' ends than before their first tries.
    pub reclaimed: u64,
    /// How long all tries took together. The waits between tries do not count.
    pub time: Duration,
}

impl ReaperStats {
    /// Returns how many victims have not ended.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn waiting(&self) -> u64 {
        self.victims.saturating_sub(self.complete + self.given_up + self.cancelled)
    }
}

/// One line.
impl fmt::Display for ReaperStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "victims: {} ({} reaped, {} given up, {} called off), tries: {} ({} busy), refusals: {}, panics: {}, \
             failures: {}, reclaimed: {}kB in {:.3} s",
            self.victims,
            self.complete,
            self.given_up,
            self.cancelled,
            self.attempts,
            self.busy,
            self.refusals,
            self.panics,
            self.failures,
            self.reclaimed / 1024,
            self.time.as_secs_f64()
        )
    }
}

/// The atomic counters that the reaper keeps.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) victims: AtomicU64,
    complete: AtomicU64,
    given_up: AtomicU64,
    cancelled: AtomicU64,
    pub(super) attempts: AtomicU64,
    pub(super) busy: AtomicU64,
    pub(super) refusals: AtomicU64,
    pub(super) panics: AtomicU64,
    pub(super) failures: AtomicU64,
    reclaimed: AtomicU64,
    nanoseconds: AtomicU64,
}

/// Adds one to a counter.
pub(super) fn increment(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    /// Counts a victim that has ended.
    pub(super) fn ended(&self, reaped: &Reaped) {
        let bytes = reaped.reclaimed().and_then(|bytes| u64::try_from(bytes).ok());
        self.reclaimed.fetch_add(bytes.unwrap_or(0), Ordering::Relaxed);
        increment(match reaped.outcome {
            ReapOutcome::Complete => &self.complete,
            ReapOutcome::GivenUp => &self.given_up,
            ReapOutcome::Cancelled => &self.cancelled,
        });
    }

    /// Adds the time that a try took.
    pub(super) fn took(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Reads all counters.
    pub(super) fn read(&self) -> ReaperStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ReaperStats {
            // The ends are read before `victims`. Otherwise a victim that is queued and ends meanwhile would be counted as
            // ended, but not as queued.
            complete: read(&self.complete),
            given_up: read(&self.given_up),
            cancelled: read(&self.cancelled),
            victims: read(&self.victims),
            attempts: read(&self.attempts),
            busy: read(&self.busy),
            refusals: read(&self.refusals),
            panics: read(&self.panics),
            failures: read(&self.failures),
            reclaimed: read(&self.reclaimed),
            time: Duration::from_nanos(read(&self.nanoseconds)),
        }
    }
}
