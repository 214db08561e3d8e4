use oorandom::Rand64;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "oorandom",
    operations: &[
        Operation::new(Random, "Rand64::rand_u64", own),
    ],
};

fn own(bench: Bench<'_>) {
    let rng = InTurn::new(Rand64::new(1));
    bench.call(&|| _ = black_box(rng.with(Rand64::rand_u64)));
}
