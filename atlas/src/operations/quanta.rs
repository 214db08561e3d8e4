use quanta::{Clock, Instant};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "quanta",
    operations: &[
        Operation::new(Time, "Instant::now", now)
            .instead("an `Instant::now` before the section"),
        Operation::new(Time, "Clock::now", clock),
        Operation::new(Time, "Clock::new", new)
            .note("where it can use the processor's counter, the first one measures that, for up to 200 ms")
            .instead("a clock that was made before"),
        Operation::new(Time, "Instant::recent", recent),
    ],
};

fn now(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(Instant::now()));
}

fn clock(bench: Bench<'_>) {
    let clock = Clock::new();
    bench.call(&|| _ = black_box(clock.now()));
}

fn new(bench: Bench<'_>) {
    bench.call(&|| drop(black_box(Clock::new())));
}

fn recent(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(Instant::recent()));
}
