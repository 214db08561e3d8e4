use coarsetime::{Clock, Instant};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "coarsetime",
    operations: &[
        Operation::new(Time, "Instant::now", now),
        Operation::new(Time, "Instant::recent", recent),
        Operation::new(Time, "Clock::now_since_epoch", epoch),
    ],
};

fn now(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(Instant::now()));
}

fn recent(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(Instant::recent()));
}

fn epoch(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(Clock::now_since_epoch()));
}
