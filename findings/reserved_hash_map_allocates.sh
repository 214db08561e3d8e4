#!/usr/bin/env bash
# A hash map that is never more than 56 % full allocates all the same, after enough removals and insertions.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "a map with room to spare never allocates: each insertion finds the place of a removed one"

rust 'indexmap = "=2.14.2"' 'hashbrown = "=0.17.2"' <<'RUST'
mod counting;
use counting::count;

/// Takes the oldest element out and puts a new one in, again and again; the lowest capacity on the way.
fn churn(live: u64, mut renew: impl FnMut(u64, u64) -> usize) -> (u64, usize) {
    let mut lowest = usize::MAX;
    let (count, ()) = count(|| {
        for key in live..200_000 {
            lowest = lowest.min(renew(key - live, key));
        }
    });
    (count.allocated, lowest)
}

fn main() {
    for live in [800, 1_000] {
        let mut map = std::collections::HashMap::<u64, ()>::with_capacity(1_500);
        let room = map.capacity();
        map.extend((0..live).map(|key| (key, ())));
        let (allocations, lowest) = churn(live, |old, new| {
            map.remove(&old);
            map.insert(new, ());
            map.capacity()
        });
        println!("std HashMap, {live} elements in a capacity of {room}: {allocations} allocations, capacity sank {}", lowest < room);

        let mut map = indexmap::IndexMap::<u64, ()>::with_capacity(1_500);
        let room = map.capacity();
        map.extend((0..live).map(|key| (key, ())));
        let (allocations, lowest) = churn(live, |old, new| {
            map.swap_remove(&old);
            map.insert(new, ());
            map.capacity()
        });
        println!("indexmap, {live} elements in a capacity of {room}: {allocations} allocations, capacity sank {}", lowest < room);
    }
}
RUST

look target/debug/probe
holds \
  'std HashMap, 800 elements in a capacity of 1792: 0 allocations, capacity sank true' \
  'std HashMap, 1000 elements in a capacity of 1792: 1 allocations, capacity sank true' \
  'indexmap, 800 elements in a capacity of 1500: 0 allocations, capacity sank true' \
  'indexmap, 1000 elements in a capacity of 1500: 1 allocations, capacity sank true'
echo "found:   removals leave marks that use the capacity up; past half of the room only a larger table clears them"
