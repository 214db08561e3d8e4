use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "rand",
    operations: &[
        Operation::new(Random, "rng, and next_u64", rng)
            .instead(SEEDED),
        Operation::new(Random, "SmallRng::next_u64", small),
        Operation::new(Random, "seq::SliceRandom::shuffle, a SmallRng", shuffle),
    ],
};

fn rng(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(rand::rng().next_u64()));
}

fn small(bench: Bench<'_>) {
    let rng = InTurn::new(SmallRng::seed_from_u64(1));
    bench.call(&|| _ = black_box(rng.with(RngExt::random::<u64>)));
}

fn shuffle(bench: Bench<'_>) {
    let rng = InTurn::new((SmallRng::seed_from_u64(1), [0_u64; 100]));
    bench.call(&|| rng.with(|(rng, slice)| slice.shuffle(rng)));
}
