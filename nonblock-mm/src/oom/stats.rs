//! What a reaper counts.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use super::reaped::{ReapOutcome, Reaped};

/// A reaper's counts since it was started. See [`Reaper::stats`](super::Reaper::stats).
///
/// They are read one after another, so while the reaper works they need not fit together to the last victim. What is about a
/// victim's end is counted when it ends; tries, and what comes of them, as they happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReaperStats {
    /// How many victims were named.
    pub victims: u64,
    /// How many of them were taken whole.
    pub complete: u64,
    /// How many were given up after the last try.
    pub given_up: u64,
    /// How many were called off.
    pub cancelled: u64,
    /// How many tries were made.
    pub attempts: u64,
    /// In how many of them the memory lock was held by somebody else.
    pub busy: u64,
    /// How often a driver refused a range.
    pub refusals: u64,
    /// How often a driver's callback panicked.
    pub panics: u64,
    /// How often the kernel would not take a range's pages.
    pub failures: u64,
    /// By how many bytes less was resident when victims ended than before.
    pub reclaimed: u64,
    /// How long tries took, all in all. What the reaper waits in between does not count.
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

/// The counts, as the reaper keeps them.
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

/// Counts one more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    /// A victim has ended.
    pub(super) fn ended(&self, reaped: &Reaped) {
        let bytes = reaped.reclaimed().and_then(|bytes| u64::try_from(bytes).ok());
        self.reclaimed.fetch_add(bytes.unwrap_or(0), Ordering::Relaxed);
        count(match reaped.outcome {
            ReapOutcome::Complete => &self.complete,
            ReapOutcome::GivenUp => &self.given_up,
            ReapOutcome::Cancelled => &self.cancelled,
        });
    }

    /// A try has ended, after so long.
    pub(super) fn took(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Reads them all.
    pub(super) fn read(&self) -> ReaperStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ReaperStats {
            // Those that ended first: a victim that is named meanwhile must not end before it is.
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
