use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "log",
    operations: &[
        Operation::new(Log, "info!, no logger", no_logger),
    ],
};

fn no_logger(bench: Bench<'_>) {
    bench.call(&|| log::info!("{}", black_box(1)));
}
