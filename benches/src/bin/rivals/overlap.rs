//! Times two threads only while both run.
//!
//! On a machine that has something else to do, one of two threads often waits for a processor, and then the other has everything
//! to itself. So each works in chunks of some microseconds, and a chunk counts if the other thread worked all the while.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread works in one go, unless all that is due is less.
const SPAN: Duration = Duration::from_millis(1);

/// What takes longer was interrupted.
const LONGEST: Duration = Duration::from_micros(200);

/// How many chunks are enough.
const CHUNKS: usize = 20;

/// How often it is tried. A machine that never lets two threads run shows what it can.
const TRIES: usize = 200;

type Chunk = (Instant, Instant);

/// Two threads that do something at once. The time of one of them.
///
/// # Arguments
///
/// * `chunk`: how many times make a chunk, of about 20 microseconds.
pub(crate) fn overlapping(chunk: u64, work: impl Fn(u64) + Sync) -> impl FnMut(u64) -> Duration {
    move |times| {
        let (mut total, mut count) = (Duration::ZERO, 0);
        let (mut apart, mut number) = (Duration::ZERO, 0);
        for _ in 0..TRIES {
            let [first, second] = run(chunk, &work);
            for (start, end) in first.iter().chain(&second) {
                apart += *end - *start;
                number += 1;
            }
            for (own, other) in [(&first, &second), (&second, &first)] {
                for time in own.iter().filter_map(|own| beside(own, other)) {
                    total += time;
                    count += 1;
                }
            }
            if count >= CHUNKS {
                break;
            }
        }
        if count == 0 {
            (total, count) = (apart, number);
        }
        #[allow(clippy::cast_precision_loss, reason = "the numbers are small")]
        total.mul_f64(times as f64 / (count as f64 * chunk as f64))
    }
}

/// Lets both work for a while, and returns the chunks of each.
fn run(chunk: u64, work: &(impl Fn(u64) + Sync)) -> [Vec<Chunk>; 2] {
    let barrier = Barrier::new(2);
    let one = || {
        let mut chunks = Vec::with_capacity(4096);
        barrier.wait();
        let begin = Instant::now();
        let mut start = begin;
        while start - begin < SPAN && chunks.len() < chunks.capacity() {
            work(chunk);
            let end = Instant::now();
            chunks.push((start, end));
            start = end;
        }
        chunks
    };
    thread::scope(|scope| {
        let threads = [scope.spawn(one), scope.spawn(one)];
        threads.map(|thread| thread.join().expect("it did not panic"))
    })
}

/// The time of a chunk, if it was not interrupted, and those of the other thread that it lies in were not either.
fn beside((start, end): &Chunk, other: &[Chunk]) -> Option<Duration> {
    let whole = |(start, end): &Chunk| *end - *start <= LONGEST;
    let first = other.partition_point(|(_, other)| other <= start);
    let last = other.partition_point(|(other, _)| other < end);
    let covered = first < other.len() && other[first].0 <= *start && other[last - 1].1 >= *end;
    let counts = covered && whole(&(*start, *end)) && other[first..last].iter().all(whole);
    counts.then(|| *end - *start)
}
