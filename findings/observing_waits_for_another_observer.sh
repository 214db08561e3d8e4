#!/usr/bin/env bash
# To observe a value in a histogram of prometheus-client waits for another thread that was stopped while it observed one; in one of
# prometheus it does not, although that crate has a lock and counts in two places.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[[ $(uname -m) == x86_64 ]] || { echo "needs x86-64: it steps through instructions" >&2; exit 1; }
export CARGO_PROFILE_DEV_OPT_LEVEL=2

guessed "counters and histograms are made of atomics in both crates, the newer one of the Prometheus project itself above all: to observe \
waits for nobody"

rust 'libc = "=0.2.191"' 'prometheus = { version = "=0.14.0", default-features = false }' 'prometheus-client = "=0.26.0"' <<'RUST'
mod steps;
use prometheus::core::Metric;
use steps::waits;

fn measure(name: &str, peer: &(dyn Fn() + Sync), call: &(dyn Fn() + Sync)) {
    println!("{name}: {}", if waits(peer, call, &|| ()) { "waits" } else { "returns" });
}

fn main() {
    let counter = prometheus_client::metrics::counter::Counter::<u64>::default();
    measure("prometheus-client, a counter", &|| _ = counter.inc(), &|| _ = counter.inc());
    let histogram = prometheus_client::metrics::histogram::Histogram::new([1.0, 10.0]);
    let observe = || histogram.observe(1.5);
    measure("prometheus-client, beside an observer", &observe, &observe);
    let histogram = prometheus::Histogram::with_opts(prometheus::HistogramOpts::new("a", "b")).unwrap();
    let observe = || histogram.observe(1.5);
    measure("prometheus, beside an observer", &observe, &observe);
    measure("prometheus, beside a collector", &|| drop(histogram.metric()), &observe);
}
RUST

look target/debug/probe
holds 'prometheus-client, a counter: returns' 'prometheus-client, beside an observer: waits' 'prometheus, beside an observer: returns' \
  'prometheus, beside a collector: returns'
echo "found:   a histogram of prometheus-client is a structure behind a lock, which each observer takes for itself alone, and whoever collects \
holds while it writes"
