use scc::{Guard, HashIndex, HashMap};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "scc",
    operations: &[
        Operation::new(Read, "HashIndex::peek", peek)
            .instead("`nonblock::rcu::Rcu` of a map")
            .paths(&["scc::HashIndex::peek"]),
        Operation::new(Read, "HashMap::read_sync", read)
            .instead("`nonblock::rcu::Rcu` of a map")
            .paths(&["scc::HashMap::read_sync"]),
    ],
};

fn peek(bench: Bench<'_>) {
    let map = HashIndex::new();
    let _ = map.insert_sync(1_u64, 1_u64);
    bench
        .holder("one who holds the entry", &|stand_still| {
            let _entry = map.get_sync(&1);
            stand_still();
        })
        .call(&|| _ = black_box(map.peek(&1, &Guard::new()).copied()));
}

fn read(bench: Bench<'_>) {
    let map = HashMap::new();
    let _ = map.insert_sync(1_u64, 1_u64);
    bench
        .holder("one who holds the entry", &|stand_still| {
            let _entry = map.get_sync(&1);
            stand_still();
        })
        .call(&|| _ = black_box(map.read_sync(&1, |_, value| *value)));
}
