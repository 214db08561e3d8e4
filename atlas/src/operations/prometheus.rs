use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "prometheus",
    operations: &[
        Operation::new(Log, "IntCounter::inc", inc),
        Operation::new(Log, "IntCounterVec::with_label_values, and inc", with_labels)
            .instead("an `IntCounter` that was got before")
            .paths(&["prometheus::core::MetricVec::with_label_values"]),
        Operation::new(Log, "Histogram::observe", observe),
        Operation::new(Log, "Histogram::observe, beside a collector", observe_beside)
            .instead("`hdrhistogram`, or counters"),
    ],
};

fn inc(bench: Bench<'_>) {
    let counter = IntCounter::new("calls", "how many").expect("it is in order");
    bench.peer("`inc`", &|| counter.inc()).call(&|| counter.inc());
}

fn with_labels(bench: Bench<'_>) {
    let counters = IntCounterVec::new(Opts::new("calls", "how many"), &["of"]);
    let counters = counters.expect("it is in order");
    let inc = || counters.with_label_values(&["read"]).inc();
    bench.peer("`remove_label_values`", &|| _ = counters.remove_label_values(&["write"])).call(&inc);
}

fn observe(bench: Bench<'_>) {
    let histogram = Histogram::with_opts(HistogramOpts::new("length", "how long"));
    let histogram = histogram.expect("it is in order");
    let observe = || histogram.observe(black_box(1.5));
    bench.peer("`observe`", &observe).call(&observe);
}

fn observe_beside(bench: Bench<'_>) {
    use prometheus::core::Metric;

    let histogram = Histogram::with_opts(HistogramOpts::new("length", "how long"));
    let histogram = histogram.expect("it is in order");
    bench
        .peer("a collector", &|| drop(black_box(histogram.metric())))
        .call(&|| histogram.observe(black_box(1.5)));
}
