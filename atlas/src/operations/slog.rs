use slog::{Discard, Drain, Level, LevelFilter, Logger, info, o};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "slog",
    operations: &[
        Operation::new(Log, "info!, the level is off", off),
        Operation::new(Log, "info!, to nothing", discard),
        Operation::new(Log, "Logger::new, with a value", child)
            .instead("a logger that was made before")
            .paths(&["slog::Logger::new"]),
    ],
};

fn off(bench: Bench<'_>) {
    let logger = Logger::root(LevelFilter::new(Discard, Level::Warning).ignore_res(), o!());
    bench.call(&|| info!(logger, "text"; "number" => black_box(1)));
}

fn discard(bench: Bench<'_>) {
    let logger = Logger::root(Discard, o!());
    bench.call(&|| info!(logger, "text"; "number" => black_box(1)));
}

fn child(bench: Bench<'_>) {
    let logger = Logger::root(Discard, o!());
    let kept = InTurn::new(None);
    bench
        .after(&|| drop(kept.take()))
        .call(&|| kept.put(logger.new(o!("number" => black_box(1)))));
}
