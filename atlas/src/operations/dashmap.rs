use dashmap::DashMap;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "dashmap",
    operations: &[
        Operation::new(Read, "DashMap::get", get)
            .instead("`nonblock::rcu::Rcu` of a map, or `papaya`")
            .paths(&["dashmap::DashMap::get"]),
        Operation::new(Read, "DashMap::try_get", try_get)
            .instead("`nonblock::rcu::Rcu` of a map")
            .paths(&["dashmap::DashMap::try_get"]),
        Operation::new(Read, "DashMap::len", len)
            .instead("a counter beside it")
            .paths(&["dashmap::DashMap::len"]),
    ],
};

fn get(bench: Bench<'_>) {
    let map = DashMap::new();
    map.insert(1, 1);
    bench
        .holder("one who holds a value to change it", &|stand_still| {
            let _value = map.get_mut(&1);
            stand_still();
        })
        .peer("`insert`", &|| _ = map.insert(1, 2))
        .call(&|| _ = black_box(map.get(&1).map(|value| *value)));
}

fn try_get(bench: Bench<'_>) {
    let map = DashMap::new();
    map.insert(1, 1);
    bench
        .holder("one who holds a value to change it", &|stand_still| {
            let _value = map.get_mut(&1);
            stand_still();
        })
        .peer("`insert`", &|| _ = map.insert(1, 2))
        .call(&|| _ = black_box(map.try_get(&1).is_present()));
}

fn len(bench: Bench<'_>) {
    let map = DashMap::new();
    map.insert(1, 1);
    bench
        .holder("one who holds a value to change it", &|stand_still| {
            let _value = map.get_mut(&1);
            stand_still();
        })
        .call(&|| _ = black_box(map.len()));
}
