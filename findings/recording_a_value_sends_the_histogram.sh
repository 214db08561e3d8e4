#!/usr/bin/env bash
# hdrhistogram's recorder, which is for threads that must not wait, allocates a whole histogram and sends the old one away, in the middle of
# `record`, whenever the reader has asked.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "to record a value adds one to a counter, always; the reader takes what it wants, and allocates what it needs for that"

rust 'hdrhistogram = { version = "=7.6.0", default-features = false, features = ["sync"] }' <<'RUST'
mod counting;
use counting::count;
use hdrhistogram::{Histogram, sync::SyncHistogram};
use std::time::Duration;

fn main() {
    let histogram = Histogram::<u64>::new_with_bounds(1, 3_600_000_000, 3).unwrap();
    let mut histogram = SyncHistogram::from(histogram);
    let mut recorder = histogram.recorder();
    recorder.record(1).unwrap();
    let (cost, ()) = count(|| (0..1000).for_each(|_| recorder.record(1).unwrap()));
    println!("nobody has asked: {} allocations by 1000 records", cost.allocated);
    let mut allocated = 0;
    for _ in 0..1000 {
        histogram.refresh_timeout(Duration::ZERO);
        let (cost, ()) = count(|| recorder.record(1).unwrap());
        allocated += cost.allocated;
    }
    println!("the reader has asked: {allocated} allocations by 1000 records");
}
RUST

look target/debug/probe
holds 'nobody has asked: 0 allocations by 1000 records' 'the reader has asked: 1[0-9][0-9][0-9] allocations by 1000 records'
echo "found:   the recorder itself replaces its histogram by a new one, of all counters, and sends the full one by a channel: each time that the \
reader refreshes, the thread that records pays"
