//! What the watch counts. Sections count here without a lock or an allocation.

use core::time::Duration;
use std::vec::Vec;

use hdrhistogram::Histogram;

use crate::primitive::{AtomicU64, AtomicUsize, Ordering};
use crate::report::counts_by_place::CountsByPlace;
use crate::violation::Place;

static UNWATCHED_THREADS: AtomicUsize = AtomicUsize::new(0);
static UNTRAPPED_THREADS: AtomicUsize = AtomicUsize::new(0);
static LOST_EVENTS: AtomicUsize = AtomicUsize::new(0);

static PREEMPTIONS: CountsByPlace<(), 128> = CountsByPlace::empty();

static SECTIONS: CountsByPlace<(), 256> = CountsByPlace::empty();

/// How many places have a histogram of their own.
const SITES: usize = 64;
/// A power of two has so many buckets, so a length is known within 1/8 of it.
const BUCKETS_PER_POWER: u32 = 8;
const BUCKETS: usize = 62 * BUCKETS_PER_POWER as usize;

/// The longest that a histogram tells from longer ones, in nanoseconds: some nine years.
const LONGEST: u64 = 1 << 58;

/// Counts of lengths.
struct Lengths {
    buckets: [AtomicU64; BUCKETS],
    longest: AtomicU64,
}

static LENGTHS: [Lengths; SITES] = [const {
    Lengths { buckets: [const { AtomicU64::new(0) }; BUCKETS], longest: AtomicU64::new(0) }
}; SITES];

/// Which places the histograms belong to.
static LENGTHS_OF: CountsByPlace<(), SITES> = CountsByPlace::empty();

/// Counts a section of a thread for which there was no record.
pub(super) fn count_unwatched_thread() {
    UNWATCHED_THREADS.fetch_add(1, Ordering::Relaxed);
}

/// Counts a thread whose system calls the kernel would not stop.
#[cfg(target_arch = "x86_64")]
pub(super) fn count_untrapped_thread() {
    UNTRAPPED_THREADS.fetch_add(1, Ordering::Relaxed);
}

pub(super) fn count_lost(events: usize) {
    LOST_EVENTS.fetch_add(events, Ordering::Relaxed);
}

pub(super) fn count_preemptions(times: u64, section: Place) {
    PREEMPTIONS.count_times((), section, usize::try_from(times).unwrap_or(usize::MAX));
}

/// Counts a section that was watched.
pub(super) fn count_section(section: Place) {
    SECTIONS.count_times((), section, 1);
}

/// Counts a section of this length.
pub(super) fn record_length(nanoseconds: u64, section: Place) {
    if let Some(site) = LENGTHS_OF.count_at((), section) {
        let lengths = &LENGTHS[site];
        lengths.buckets[bucket(nanoseconds)].fetch_add(1, Ordering::Relaxed);
        lengths.longest.fetch_max(nanoseconds, Ordering::Relaxed);
    }
}

/// Returns the bucket of a length.
#[expect(clippy::cast_possible_truncation, reason = "they are small by then")]
fn bucket(nanoseconds: u64) -> usize {
    let bits = BUCKETS_PER_POWER.ilog2();
    if nanoseconds < u64::from(BUCKETS_PER_POWER) {
        return nanoseconds as usize;
    }
    let power = nanoseconds.ilog2();
    let within = (nanoseconds >> (power - bits)) as u32 - BUCKETS_PER_POWER;
    ((power - bits + 1) * BUCKETS_PER_POWER + within) as usize
}

/// Returns the greatest length of a bucket.
#[expect(clippy::cast_possible_truncation, reason = "there are fewer buckets")]
fn upper_end(bucket: usize) -> u64 {
    let (bits, bucket) = (BUCKETS_PER_POWER.ilog2(), bucket as u32);
    if bucket < BUCKETS_PER_POWER {
        return bucket.into();
    }
    let power = bucket / BUCKETS_PER_POWER - 1 + bits;
    let within = u128::from(bucket % BUCKETS_PER_POWER + BUCKETS_PER_POWER + 1);
    ((within << (power - bits)) - 1).try_into().unwrap_or(u64::MAX)
}

/// What the watch has counted, from the program's start on.
///
/// # Context
///
/// What returns a list allocates: do not call that in a section. The other numbers may be read anywhere.
///
/// # Examples
///
/// ```
/// let statistics = nonblock::watch::statistics();
/// assert!(statistics.preemptions().is_empty());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Statistics {
    _private: (),
}

/// How often threads were preempted in the sections that begin at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preemptions {
    /// Where the sections begin.
    pub section: Place,
    /// How often the processor was taken from a thread in one of them.
    pub count: usize,
}

/// How many sections were watched that begin at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchedSections {
    /// Where the sections begin.
    pub section: Place,
    /// How many of them were watched, to their end.
    pub count: usize,
}

/// How long the sections last that begin at one place. Only [`Layers::BUDGET`](super::Layers::BUDGET) measures it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SectionLengths {
    /// Where the sections begin.
    pub section: Place,
    /// How many there were.
    pub count: u64,
    /// The longest.
    pub longest: Duration,
    histogram: Histogram<u64>,
}

impl SectionLengths {
    /// Returns the length that a part of the sections does not exceed, within an eighth of it.
    ///
    /// # Arguments
    ///
    /// * `quantile`: the part, from 0 to 1: 0.99 for all but one in a hundred.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_nanos(self.histogram.value_at_quantile(quantile)).min(self.longest)
    }
}

/// Returns what the watch has counted.
///
/// # Context
///
/// May be called anywhere.
#[must_use]
pub fn statistics() -> Statistics {
    Statistics { _private: () }
}

impl Statistics {
    /// Returns how often threads were preempted, by the places where the sections began. A preemption is no fault of the
    /// section: it is what happens to a thread that does not have a real-time policy.
    ///
    /// # Context
    ///
    /// Allocates. Do not call it in a section.
    pub fn preemptions(&self) -> Vec<Preemptions> {
        PREEMPTIONS.iter().map(|(key, count)| Preemptions { section: key.place, count }).collect()
    }

    /// Returns how many sections were watched, by the places where they began: of the first 256 places.
    ///
    /// Sections are counted where [`Builder::count_sections`](super::Builder::count_sections) asked for it, or `stats` in the variable
    /// `NONBLOCK_WATCH`. Else the list is empty: to count takes more than to watch, in a section in which nothing happened. Of a
    /// sample, only the sections count that were watched.
    ///
    /// # Context
    ///
    /// Allocates. Do not call it in a section.
    pub fn sections(&self) -> Vec<WatchedSections> {
        SECTIONS.iter().map(|(key, count)| WatchedSections { section: key.place, count }).collect()
    }

    /// Returns how long sections lasted, by the places where they began: of the first 64 places.
    ///
    /// # Context
    ///
    /// Allocates. Do not call it in a section.
    pub fn lengths(&self) -> Vec<SectionLengths> {
        LENGTHS_OF
            .slots()
            .map(|(site, place)| {
                let lengths = &LENGTHS[site];
                let mut histogram = Histogram::new_with_bounds(1, LONGEST, 2)
                    .expect("the bounds are in order, and the digits few");
                for (bucket, count) in lengths.buckets.iter().enumerate() {
                    let count = count.load(Ordering::Relaxed);
                    if count > 0 {
                        // It grows as it has to. `saturating_record_n` would not let it.
                        let _ = histogram.record_n(upper_end(bucket), count);
                    }
                }
                SectionLengths {
                    section: place,
                    count: histogram.len(),
                    longest: Duration::from_nanos(lengths.longest.load(Ordering::Relaxed)),
                    histogram,
                }
            })
            .collect()
    }

    /// Returns how many events were not kept, because their section had more than 16, or more than 8 allocations and releases.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub fn lost_events(&self) -> usize {
        LOST_EVENTS.load(Ordering::Relaxed)
    }

    /// Returns how many sections were not watched, because more than 1024 threads had sections at once.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub fn unwatched_sections(&self) -> usize {
        UNWATCHED_THREADS.load(Ordering::Relaxed)
    }

    /// Returns for how many threads the kernel refused to stop system calls.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub fn untrapped_threads(&self) -> usize {
        UNTRAPPED_THREADS.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::{bucket, upper_end};

    #[test]
    fn every_length_is_in_a_bucket_that_ends_at_most_an_eighth_above_it() {
        let powers = (0..64).map(|power| 1u64 << power);
        let lengths = powers.flat_map(|power| [power - 1, power, power + power / 3]);
        for length in lengths.chain([u64::MAX]) {
            let end = upper_end(bucket(length));
            assert!(length <= end && end - length <= length / 8 + 1, "{length} {end}");
            assert!(bucket(length) == 0 || upper_end(bucket(length) - 1) < length, "{length}");
        }
    }
}
