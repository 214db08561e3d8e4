#!/usr/bin/env bash
# A sender that stands still in the middle of try_send, as one that has lost its processor does, keeps try_recv from returning.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[[ $(uname -m) == x86_64 ]] || { echo "needs x86-64: it steps through instructions" >&2; exit 1; }
export CARGO_PROFILE_DEV_OPT_LEVEL=2

guessed "try_recv, and pop of a lock-free queue, return whatever others do: what is half sent is not there yet. Those with a lock inside, \
flume and kanal, try it"

rust 'async-channel = "=2.5.0"' 'concurrent-queue = "=2.5.0"' 'crossbeam-channel = "=0.5.17"' 'crossbeam-queue = "=0.3.14"' \
  'event-listener = "=5.4.2"' 'flume = "=0.12.0"' 'futures-channel = "=0.3.34"' 'heapless = "=0.9.4"' 'kanal = "=0.1.1"' \
  'libc = "=0.2.191"' 'rtrb = "=0.4.1"' 'thingbuf = "=0.1.6"' 'tokio = { version = "=1.54.1", features = ["sync"] }' <<'RUST'
mod steps;
use std::cell::RefCell;
use steps::{Any, waits};

fn measure(name: &str, send: impl Fn(), receive: impl Fn() -> bool) {
    let (send, receive) = (Any(send), Any(receive));
    let (send, receive) = (&send, &receive);
    let empty = || while (receive.0)() {};
    let waits = waits(&|| (send.0)(), &|| _ = (receive.0)(), &empty);
    println!("{name}: {}", if waits { "waits" } else { "returns" });
}

fn main() {
    let (tx, rx) = std::sync::mpsc::channel();
    measure("std, unbounded", || tx.send(1).unwrap(), || rx.try_recv().is_ok());
    let (tx, rx) = std::sync::mpsc::sync_channel(4);
    measure("std, bounded", || tx.try_send(1).unwrap(), || rx.try_recv().is_ok());
    let (tx, rx) = crossbeam_channel::bounded(4);
    measure("crossbeam-channel", || tx.try_send(1).unwrap(), || rx.try_recv().is_ok());
    let queue = crossbeam_queue::ArrayQueue::new(4);
    measure("crossbeam ArrayQueue", || queue.push(1).unwrap(), || queue.pop().is_some());
    let queue = concurrent_queue::ConcurrentQueue::bounded(4);
    measure("concurrent-queue", || queue.push(1).unwrap(), || queue.pop().is_ok());
    let (tx, rx) = async_channel::bounded(4);
    measure("async-channel", || tx.try_send(1).unwrap(), || rx.try_recv().is_ok());
    let (tx, rx) = flume::bounded(4);
    measure("flume", || tx.try_send(1).unwrap(), || rx.try_recv().is_ok());
    let (tx, rx) = kanal::bounded(4);
    measure("kanal", || assert!(tx.try_send(1).unwrap()), || rx.try_recv().unwrap().is_some());
    let (tx, rx) = tokio::sync::mpsc::channel(4);
    let rx = RefCell::new(rx);
    measure("tokio", || tx.try_send(1).unwrap(), || rx.borrow_mut().try_recv().is_ok());
    let (tx, rx) = futures_channel::mpsc::channel(4);
    let (tx, rx) = (RefCell::new(tx), RefCell::new(rx));
    measure("futures-channel", || tx.borrow_mut().try_send(1).unwrap(), || rx.borrow_mut().try_recv().is_ok());
    let (tx, rx) = thingbuf::mpsc::channel(4);
    measure("thingbuf", || tx.try_send(1).unwrap(), || rx.try_recv().is_ok());
    #[allow(deprecated)]
    let queue = heapless::mpmc::Queue::<u64, 4>::new();
    measure("heapless", || queue.enqueue(1).unwrap(), || queue.dequeue().is_some());
    let (tx, rx) = rtrb::RingBuffer::new(4);
    let (tx, rx) = (RefCell::new(tx), RefCell::new(rx));
    measure("rtrb", || tx.borrow_mut().push(1).unwrap(), || rx.borrow_mut().pop().is_ok());
}
RUST

look target/debug/probe
for waits in 'std, unbounded' 'std, bounded' crossbeam-channel 'crossbeam ArrayQueue' concurrent-queue async-channel flume kanal tokio \
  futures-channel; do
  holds "$waits: waits"
done
for returns in thingbuf heapless rtrb; do
  holds "$returns: returns"
done
echo "found:   ten of thirteen spin, yield or sleep until the sender goes on; a receiver of higher priority on the same processor does so for ever"
