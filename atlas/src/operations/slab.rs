use slab::Slab;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "slab",
    operations: &[
        Operation::new(Memory, "Slab::insert, and remove, capacity left", insert),
    ],
};

fn insert(bench: Bench<'_>) {
    let slab = InTurn::new(Slab::with_capacity(16));
    bench.call(&|| {
        slab.with(|slab| {
            let key = slab.insert(1_u64);
            black_box(slab.remove(key));
        });
    });
}
