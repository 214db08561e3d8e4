#!/usr/bin/env bash
# prometheus finds a counter without an allocation, by a hash of the labels' bytes one after the other: ("a", "bc") and ("ab", "c") are
# one counter.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "a hash finds the place, and the labels are compared then: two sets of labels are two counters"

rust 'prometheus = { version = "=0.14.0", default-features = false }' <<'RUST'
fn main() {
    let options = prometheus::Opts::new("requests", "help");
    let requests = prometheus::IntCounterVec::new(options, &["tenant", "user"]).unwrap();
    requests.with_label_values(&["a", "bc"]).inc();
    requests.with_label_values(&["ab", "c"]).inc_by(10);
    println!("a, bc: {}", requests.with_label_values(&["a", "bc"]).get());
    println!("ab, c: {}", requests.with_label_values(&["ab", "c"]).get());
    println!("exported: {} counter(s)", prometheus::core::Collector::collect(&requests)[0].get_metric().len());
}
RUST

look target/debug/probe
holds 'a, bc: 11' 'ab, c: 11' 'exported: 1 counter\(s\)'
echo "found:   the map's key is a 64-bit hash of the values without a mark between them, and nothing is compared: both count under the labels that came first"
