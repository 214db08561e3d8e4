#!/usr/bin/env bash
# A channel of a fixed capacity still allocates while it is used: some in `try_send`, one even in `try_recv`.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "a bounded channel takes its memory when it is made, so sending and receiving allocate nothing, in all eight"

rust 'async-channel = "=2.5.0"' 'concurrent-queue = "=2.5.0"' 'event-listener = "=5.4.2"' 'crossbeam-channel = "=0.5.17"' \
  'flume = "=0.11.1"' 'futures-channel = "=0.3.34"' 'kanal = "=0.1.1"' 'thingbuf = "=0.1.6"' \
  'tokio = { version = "=1.54.1", features = ["sync"] }' <<'RUST'
mod counting;
use counting::count;
use std::hint::black_box;

/// Fills a channel of 64 places and empties it, twice, by calls that never wait.
fn measure<R>(name: &str, mut send: impl FnMut(u64), mut receive: impl FnMut() -> R) {
    for round in ["first", "second"] {
        let (filling, ()) = count(|| (0..64).for_each(&mut send));
        let (emptying, ()) = count(|| (0..64).for_each(|_| drop(black_box(receive()))));
        println!(
            "{name}, {round} round: {} allocations by 64 try_send, {} allocations and {} frees by 64 try_recv",
            filling.allocated, emptying.allocated, emptying.freed
        );
    }
}

fn main() {
    let (tx, rx) = std::sync::mpsc::sync_channel(64);
    measure("std", |item| tx.try_send(item).unwrap(), || rx.try_recv().unwrap());
    let (tx, rx) = crossbeam_channel::bounded(64);
    measure("crossbeam-channel", |item| tx.try_send(item).unwrap(), || rx.try_recv().unwrap());
    let (tx, rx) = kanal::bounded(64);
    measure("kanal", |item| assert!(tx.try_send(item).unwrap()), || rx.try_recv().unwrap());
    let (tx, rx) = thingbuf::mpsc::channel(64);
    measure("thingbuf", |item| tx.try_send(item).unwrap(), || rx.try_recv().unwrap());
    let (tx, rx) = flume::bounded(64);
    measure("flume", |item| tx.try_send(item).unwrap(), || rx.try_recv().unwrap());
    let (tx, mut rx) = tokio::sync::mpsc::channel(64);
    measure("tokio", |item| tx.try_send(item).unwrap(), || rx.try_recv().unwrap());
    let (mut tx, mut rx) = futures_channel::mpsc::channel(64);
    measure("futures-channel", |item| tx.try_send(item).unwrap(), || rx.try_recv().unwrap());
    let (tx, rx) = async_channel::bounded(64);
    measure("async-channel", |item| tx.try_send(item).unwrap(), || rx.try_recv().unwrap());
}
RUST

look target/debug/probe
for quiet in std crossbeam-channel kanal thingbuf; do
  for round in first second; do
    holds "$quiet, $round round: 0 allocations by 64 try_send, 0 allocations and 0 frees by 64 try_recv"
  done
done
holds \
  'flume, first round: [1-9][0-9]* allocations by 64 try_send, 0 allocations and 0 frees by 64 try_recv' \
  'flume, second round: 0 allocations by 64 try_send, 0 allocations and 0 frees by 64 try_recv' \
  'tokio, second round: [1-9][0-9]* allocations by 64 try_send, 0 allocations and 0 frees by 64 try_recv' \
  'futures-channel, second round: 64 allocations by 64 try_send, 0 allocations and 64 frees by 64 try_recv' \
  'async-channel, first round: 2 allocations by 64 try_send, 1 allocations and 0 frees by 64 try_recv' \
  'async-channel, second round: 0 allocations by 64 try_send, 0 allocations and 0 frees by 64 try_recv'
echo "found:   half of them allocate: flume grows, tokio and futures-channel keep lists, async-channel's try_recv takes memory to tell a sender that is not there"
