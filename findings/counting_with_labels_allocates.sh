#!/usr/bin/env bash
# To increment a counter that is there, with the labels it was made with, allocates in the crate metrics, whatever the labels, and in
# opentelemetry by the labels' order.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "to find a counter that is there allocates nothing where its labels are constants; the order of attributes, a set, is all one"

rust 'metrics = "=0.24.6"' 'metrics-exporter-prometheus = { version = "=0.18.3", default-features = false }' \
  'prometheus = { version = "=0.14.0", default-features = false }' \
  'opentelemetry = { version = "=0.33.1", default-features = false, features = ["metrics"] }' \
  'opentelemetry_sdk = { version = "=0.33.1", default-features = false, features = ["metrics", "experimental_metrics_custom_reader"] }' <<'RUST'
mod counting;
use counting::count;
use opentelemetry::{KeyValue, metrics::MeterProvider as _};

fn measure(name: &str, call: impl Fn()) {
    (0..10).for_each(|_| call());
    let (cost, ()) = count(|| (0..100).for_each(|_| call()));
    println!("{name}: {} allocations by 100 increments", cost.allocated);
}

fn main() {
    let options = prometheus::Opts::new("requests", "help");
    let requests = prometheus::IntCounterVec::new(options, &["method", "path"]).unwrap();
    measure("prometheus, two labels", || requests.with_label_values(&["GET", "/"]).inc());

    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        measure("metrics, no label", || metrics::counter!("plain").increment(1));
        measure("metrics, a constant label", || metrics::counter!("requests", "method" => "GET").increment(1));
        let kept = metrics::counter!("kept");
        measure("metrics, a counter that was kept", || kept.increment(1));
    });

    let reader = opentelemetry_sdk::metrics::ManualReader::builder().build();
    let provider = opentelemetry_sdk::metrics::SdkMeterProvider::builder().with_reader(reader).build();
    let requests = provider.meter("meter").u64_counter("requests").build();
    let ordered = [KeyValue::new("method", "GET"), KeyValue::new("path", "/")];
    let reversed = [ordered[1].clone(), ordered[0].clone()];
    requests.add(1, &ordered);
    measure("opentelemetry, two attributes", || requests.add(1, &ordered));
    measure("opentelemetry, the same in another order", || requests.add(1, &reversed));
}
RUST

look target/debug/probe
holds \
  'prometheus, two labels: 0 allocations by 100 increments' \
  'metrics, no label: 100 allocations by 100 increments' \
  'metrics, a constant label: 100 allocations by 100 increments' \
  'metrics, a counter that was kept: 0 allocations by 100 increments' \
  'opentelemetry, two attributes: 0 allocations by 100 increments' \
  'opentelemetry, the same in another order: [1-9][0-9]* allocations by 100 increments'
echo "found:   the handle that counter! returns is allocated anew at each call; opentelemetry sorts a copy of attributes that it did not see in this order first"
