use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "tracing",
    operations: &[
        Operation::new(Log, "info!, no subscriber", event),
        Operation::new(Log, "info_span!, entered, no subscriber", span),
    ],
};

fn event(bench: Bench<'_>) {
    bench.call(&|| tracing::info!(number = black_box(1), "text"));
}

fn span(bench: Bench<'_>) {
    bench.call(&|| drop(black_box(tracing::info_span!("span", number = 1).entered())));
}
