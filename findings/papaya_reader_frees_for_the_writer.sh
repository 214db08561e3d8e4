#!/usr/bin/env bash
# Who removes from a papaya map frees nothing; the reader that only looked frees all of it, when it lets go of its guard.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "who removes an element, or a later writer, runs its destructor; a thread that only reads frees nothing"

rust 'papaya = "=0.2.5"' 'seize = "=0.5.1"' <<'RUST'
mod counting;
use counting::count;
use std::cell::Cell;
use std::sync::Barrier;

thread_local! { static DROPPED: Cell<u64> = const { Cell::new(0) }; }

struct Element;

impl Drop for Element {
    fn drop(&mut self) {
        DROPPED.set(DROPPED.get() + 1);
    }
}

fn main() {
    let map = papaya::HashMap::new();
    (0..5_000).for_each(|key| assert!(map.pin().insert(key, Element).is_none()));
    let (looked, removed) = (Barrier::new(2), Barrier::new(2));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let guard = map.pin();
            let (reading, ()) = count(|| assert!(guard.get(&1).is_some()));
            looked.wait();
            removed.wait();
            let (leaving, ()) = count(|| drop(guard));
            println!("reader: {} frees by get", reading.freed);
            println!("reader: more than 4000 elements dropped by the end of its guard: {}", DROPPED.get() > 4_000);
            println!("reader: more than 4000 frees by the end of its guard: {}", leaving.freed > 4_000);
        });
        looked.wait();
        let (removing, ()) = count(|| (0..5_000).for_each(|key| assert!(map.pin().remove(&key).is_some())));
        println!("writer: {} elements dropped and {} frees by 5000 removals", DROPPED.get(), removing.freed);
        removed.wait();
    });
}
RUST

look target/debug/probe
holds \
  'writer: 0 elements dropped and 0 frees by 5000 removals' \
  'reader: 0 frees by get' \
  'reader: more than 4000 elements dropped by the end of its guard: true' \
  'reader: more than 4000 frees by the end of its guard: true'
echo "found:   the last reader out frees what was removed while it looked, however much: there is no bound on a guard's end"
