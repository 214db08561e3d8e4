#!/usr/bin/env bash
# A thread's first read of a ShardedLock, made for quick reads, allocates; so does a reader's first look into other structures.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "a read lock is an atomic operation or two in a lock's own memory: the first read of a thread allocates as little as the second"

rust 'crossbeam-utils = "=0.8.23"' 'parking_lot = "=0.12.5"' 'dashmap = "=6.2.1"' 'papaya = "=0.2.5"' 'scc = "=2.4.0"' <<'RUST'
mod counting;
use counting::count;

/// In a thread of its own, as what a thread keeps for itself is made at its first call.
fn measure<R>(name: &str, call: impl Fn() -> R + Sync) {
    let (first, second) = std::thread::scope(|scope| {
        let thread = scope.spawn(|| (count(&call).0.allocated, count(&call).0.allocated));
        thread.join().unwrap()
    });
    println!("{name}: {first} allocations by a thread's first read, {second} by its second");
}

fn main() {
    let lock = std::sync::RwLock::new(0);
    measure("std RwLock", || *lock.read().unwrap());
    let lock = parking_lot::RwLock::new(0);
    measure("parking_lot RwLock", || *lock.read());
    let lock = crossbeam_utils::sync::ShardedLock::new(0);
    measure("crossbeam-utils ShardedLock", || *lock.read().unwrap());
    let map = dashmap::DashMap::<u8, u8>::from_iter([(1, 1)]);
    measure("dashmap", || *map.get(&1).unwrap());
    let map = papaya::HashMap::<u8, u8>::from_iter([(1, 1)]);
    measure("papaya", || *map.pin().get(&1).unwrap());
    let map = scc::HashMap::<u8, u8>::new();
    map.insert(1, 1).unwrap();
    measure("scc HashMap", || map.read(&1, |_, value| *value).unwrap());
}
RUST

look target/debug/probe
holds \
  "std RwLock: 0 allocations by a thread's first read, 0 by its second" \
  "parking_lot RwLock: 0 allocations by a thread's first read, 0 by its second" \
  "crossbeam-utils ShardedLock: 1 allocations by a thread's first read, 0 by its second" \
  "dashmap: 0 allocations by a thread's first read, 0 by its second" \
  "scc HashMap: [1-9][0-9]* allocations by a thread's first read, 0 by its second"
echo "found:   the lock for quick reads enters each new thread in a table of the whole process, behind a mutex"
