use papaya::HashMap;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "papaya",
    operations: &[
        Operation::new(Read, "HashMap::pin and get, nobody removes", get),
        Operation::new(Read, "HashMap::pin and get, and others remove meanwhile", get_removed)
            .varies(&[("frees", 0)])
            .first_varies(&[("frees", 0)])
            .instead("`nonblock::rcu::Rcu` of a map")
            .paths(&["papaya::HashMap::pin"]),
        Operation::new(HandOver, "HashMap::insert, a key that is there", insert)
            .varies(&[("allocations", 1), ("frees", 0), ("call membarrier", 0)])
            .instead(QUEUE)
            .paths(&["papaya::HashMapRef::insert"]),
    ],
};

fn get(bench: Bench<'_>) {
    let map = HashMap::new();
    map.pin().insert(1, 1);
    bench
        .peer("`insert`", &|| _ = map.pin().insert(1, 2))
        .call(&|| _ = black_box(map.pin().get(&1)));
}

fn get_removed(bench: Bench<'_>) {
    let map = HashMap::new();
    map.pin().insert(1, 1);
    bench.call(&|| {
        let guard = map.pin();
        black_box(guard.get(&1));
        meanwhile(&|| {
            for value in 0..10 {
                map.pin().insert(1, value);
            }
        });
        drop(guard);
    });
}

fn insert(bench: Bench<'_>) {
    let map = HashMap::new();
    map.pin().insert(1, 1);
    bench.call(&|| _ = black_box(map.pin().insert(1, 2)));
}
