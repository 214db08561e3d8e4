#!/usr/bin/env bash
# To take an element out of a work-stealing deque allocates.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "pop only takes: it may free memory, and allocates none; a thief pays for nothing either"

rust 'crossbeam-deque = "=0.8.8"' 'crossbeam-epoch = "=0.9.21"' <<'RUST'
mod counting;
use counting::count;
use crossbeam_deque::Worker;

fn measure(name: &str, worker: Worker<u64>) {
    (0..1_000).for_each(|item| worker.push(item));
    let (first, ()) = count(|| (0..500).for_each(|_| assert!(worker.pop().is_some())));
    let (last, ()) = count(|| (0..500).for_each(|_| assert!(worker.pop().is_some())));
    println!(
        "{name}: {} allocations by the first 500 pops, {} by the last 500, which leave it empty",
        first.allocated, last.allocated
    );
}

fn main() {
    measure("last in first out", Worker::new_lifo());
    measure("first in first out", Worker::new_fifo());
    let worker = Worker::new_fifo();
    (0..1_000).for_each(|item| worker.push(item));
    let stealer = worker.stealer();
    let (stolen, ()) = count(|| (0..1_000).for_each(|_| assert!(stealer.steal().is_success())));
    println!("stolen: {} allocations by 1000 steals", stolen.allocated);
}
RUST

look target/debug/probe
holds \
  'last in first out: 0 allocations by the first 500 pops, [1-9][0-9]* by the last 500, which leave it empty' \
  'first in first out: 0 allocations by the first 500 pops, [1-9][0-9]* by the last 500, which leave it empty' \
  'stolen: 0 allocations by 1000 steals'
echo "found:   pop moves what is left into a buffer of half the size, again and again, and allocates each; steal does not"
