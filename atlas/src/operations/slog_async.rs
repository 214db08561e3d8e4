use slog::{Discard, Drain, Logger, info, o};
use slog_async::{Async, OverflowStrategy};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "slog-async",
    operations: &[
        Operation::new(Log, "info!, overflowing lines are dropped", write)
            .varies(&[("frees", 0), ("call futex", 0)])
            .first_varies(&[("call futex", 0)])
            .instead(QUEUE),
    ],
};

fn write(bench: Bench<'_>) {
    let builder = Async::new(Discard).chan_size(100);
    let drain = builder.overflow_strategy(OverflowStrategy::Drop).build();
    let logger = Logger::root(drain.ignore_res(), o!());
    std::mem::forget(logger.clone());
    bench.call(&|| info!(logger, "text"; "number" => black_box(1)));
}
