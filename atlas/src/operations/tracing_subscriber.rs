use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "tracing-subscriber",
    operations: &[
        Operation::new(Log, "info!, to fmt, the level is off", off),
        Operation::new(Log, "info!, to fmt, on the standard error", event)
            .instead(WORKER),
        Operation::new(Log, "info!, to fmt, to nothing, without a time", event_without_time)
            .instead(WORKER),
        Operation::new(Log, "info_span!, entered, in a registry", span)
            .instead("a span that was made before"),
        Operation::new(Log, "Span::enter, of a span in a registry", enter),
    ],
};

fn off(bench: Bench<'_>) {
    fmt().with_max_level(LevelFilter::WARN).init();
    bench.call(&|| tracing::info!(number = black_box(1), "text"));
}

fn event(bench: Bench<'_>) {
    fmt().with_ansi(false).with_writer(std::io::stderr).init();
    bench
        .holder("the holder of the standard error", &|stand_still| {
            let _guard = std::io::stderr().lock();
            stand_still();
        })
        .call(&|| tracing::info!(number = black_box(1), "text"));
}

fn event_without_time(bench: Bench<'_>) {
    fmt().with_ansi(false).without_time().with_writer(std::io::sink).init();
    bench.call(&|| tracing::info!(number = black_box(1), "text"));
}

fn span(bench: Bench<'_>) {
    registry().with(LevelFilter::INFO).init();
    bench.call(&|| drop(black_box(tracing::info_span!("span", number = 1).entered())));
}

fn enter(bench: Bench<'_>) {
    registry().with(LevelFilter::INFO).init();
    let span = tracing::info_span!("span");
    bench.call(&|| drop(black_box(span.enter())));
}
