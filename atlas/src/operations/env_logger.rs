use env_logger::{Builder, Target, WriteStyle};
use log::LevelFilter;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "env_logger",
    operations: &[
        Operation::new(Log, "info!, the level is off", off),
        Operation::new(Log, "info!, the level is on", on)
            .instead(WORKER),
    ],
};

fn set_up(level: LevelFilter) {
    let mut builder = Builder::new();
    builder.filter_level(level).target(Target::Stderr).write_style(WriteStyle::Never).init();
}

fn off(bench: Bench<'_>) {
    set_up(LevelFilter::Warn);
    bench.call(&|| log::info!("{}", black_box(1)));
}

fn on(bench: Bench<'_>) {
    set_up(LevelFilter::Info);
    bench
        .holder("the holder of the standard error", &|stand_still| {
            let _guard = std::io::stderr().lock();
            stand_still();
        })
        .call(&|| log::info!("{}", black_box(1)));
}
