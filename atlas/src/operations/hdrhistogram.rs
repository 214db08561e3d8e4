use std::time::Duration;

use hdrhistogram::Histogram;
use hdrhistogram::sync::SyncHistogram;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "hdrhistogram",
    operations: &[
        Operation::new(Log, "Histogram::record, bounds known", record),
        Operation::new(Log, "Histogram::record, resizing", record_auto)
            .instead("one made `new_with_bounds`"),
        Operation::new(Log, "sync::Recorder::record, nobody asks for it", record_sync),
        Operation::new(Log, "sync::Recorder::record, the reader has asked", record_asked)
            .instead("a `Histogram` of the thread's own, and `rtrb`")
            .paths(&["hdrhistogram::sync::Recorder::record"]),
    ],
};

fn record(bench: Bench<'_>) {
    let histogram = InTurn::new(Histogram::<u64>::new_with_bounds(1, 1_000_000, 3).expect("in order"));
    bench.call(&|| histogram.with(|histogram| _ = histogram.record(black_box(1000))));
}

fn record_auto(bench: Bench<'_>) {
    let histogram = InTurn::new((Histogram::<u64>::new(3).expect("in order"), 1_u64));
    bench.call(&|| {
        histogram.with(|(histogram, value)| {
            *value += *value / 300 + 1;
            let _ = histogram.record(*value);
        });
    });
}

fn record_sync(bench: Bench<'_>) {
    let histogram = Histogram::<u64>::new_with_bounds(1, 1_000_000, 3).expect("in order");
    let histogram = SyncHistogram::from(histogram);
    let recorder = InTurn::new(histogram.recorder());
    bench.call(&|| recorder.with(|recorder| _ = recorder.record(black_box(1000))));
}

fn record_asked(bench: Bench<'_>) {
    let histogram = Histogram::<u64>::new_with_bounds(1, 1_000_000, 3).expect("in order");
    let histogram = SyncHistogram::from(histogram);
    let recorder = InTurn::new(histogram.recorder());
    let histogram = InTurn::new(histogram);
    bench
        .prepare(&|| histogram.with(|histogram| histogram.refresh_timeout(Duration::ZERO)))
        .call(&|| recorder.with(|recorder| _ = recorder.record(black_box(1000))));
}
