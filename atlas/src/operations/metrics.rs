use metrics::counter;
use metrics_util::debugging::DebuggingRecorder;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "metrics",
    operations: &[
        Operation::new(Log, "counter!, no recorder", no_recorder),
        Operation::new(Log, "counter!, a registry of metrics-util", registry)
            .instead("a `Counter` that was made before"),
        Operation::new(Log, "Counter::increment, of a registry", handle),
        Operation::new(Log, "Histogram::record, of a registry", histogram)
            .instead("`hdrhistogram`, made before")
            .paths(&["metrics::Histogram::record"]),
    ],
};

fn no_recorder(bench: Bench<'_>) {
    bench.call(&|| counter!("calls").increment(1));
}

fn registry(bench: Bench<'_>) {
    DebuggingRecorder::new().install().expect("it is the first");
    bench.call(&|| counter!("calls").increment(1));
}

fn handle(bench: Bench<'_>) {
    DebuggingRecorder::new().install().expect("it is the first");
    let counter = counter!("calls");
    bench.call(&|| counter.increment(1));
}

fn histogram(bench: Bench<'_>) {
    DebuggingRecorder::new().install().expect("it is the first");
    let histogram = metrics::histogram!("lengths");
    bench.call(&|| histogram.record(black_box(1.5)));
}
