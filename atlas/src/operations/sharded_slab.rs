use sharded_slab::Slab;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "sharded-slab",
    operations: &[
        Operation::new(Memory, "Slab::insert, and remove", insert)
            .instead(RESERVE),
        Operation::new(Read, "Slab::get", get),
    ],
};

fn insert(bench: Bench<'_>) {
    let slab = Slab::new();
    bench.call(&|| {
        if let Some(key) = slab.insert(1_u64) {
            black_box(slab.remove(key));
        }
    });
}

fn get(bench: Bench<'_>) {
    let slab = Slab::new();
    let key = slab.insert(1_u64).expect("there is room");
    let other = slab.insert(2_u64).expect("there is room");
    bench
        .holder("one who has got the same", &|stand_still| {
            let _value = slab.get(key);
            stand_still();
        })
        .peer("`get`", &|| drop(black_box(slab.get(other))))
        .call(&|| _ = black_box(slab.get(key).map(|value| *value)));
}
