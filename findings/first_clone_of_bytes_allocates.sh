#!/usr/bin/env bash
# The first clone of a Bytes that was made of a full Vec allocates; the clone of one that was made of a Vec with room to spare does not.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "a Bytes is counted by reference from the start: a clone adds one and allocates nothing"

rust 'bytes = "=1.12.2"' <<'RUST'
mod counting;
use bytes::Bytes;
use counting::count;

fn measure(name: &str, make: impl FnOnce() -> Bytes) {
    let (making, bytes) = count(make);
    let (first, one) = count(|| bytes.clone());
    let (second, two) = count(|| bytes.clone());
    println!(
        "{name}: {} allocations by from, {} by the first clone, {} by the second",
        making.allocated, first.allocated, second.allocated
    );
    drop((one, two));
}

fn main() {
    let full = vec![1_u8; 100];
    measure("full Vec", || Bytes::from(full));
    let mut spare = Vec::with_capacity(200);
    spare.extend([1_u8; 100]);
    measure("Vec with room to spare", || Bytes::from(spare));
    measure("Box<[u8]>", || Bytes::from(Box::from([1_u8; 100])));
    measure("static slice", || Bytes::from_static(b"x"));
}
RUST

look target/debug/probe
holds \
  'full Vec: 0 allocations by from, 1 by the first clone, 0 by the second' \
  'Vec with room to spare: 1 allocations by from, 0 by the first clone, 0 by the second' \
  'static slice: 0 allocations by from, 0 by the first clone, 0 by the second'
echo "found:   the count is made when it is first needed, by the clone, unless the Vec had room to spare"
