use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "fastrand",
    operations: &[
        Operation::new(Random, "u64", global),
        Operation::new(Random, "Rng::u64", own),
    ],
};

fn global(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(fastrand::u64(..)));
}

fn own(bench: Bench<'_>) {
    let rng = InTurn::new(fastrand::Rng::with_seed(1));
    bench.call(&|| _ = black_box(rng.with(|rng| rng.u64(..))));
}
