use hashbrown::HashMap;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "hashbrown",
    operations: &[
        Operation::new(Memory, "HashMap::insert and remove, a third full", insert),
    ],
};

fn insert(bench: Bench<'_>) {
    let map = InTurn::new((HashMap::<u64, u64>::with_capacity(448), 0_u64));
    bench.call(&|| {
        map.with(|(map, next)| {
            map.insert(*next, 1);
            if *next >= 149 {
                map.remove(&(*next - 149));
            }
            *next += 1;
        });
    });
}
