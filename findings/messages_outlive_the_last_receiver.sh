#!/usr/bin/env bash
# When the last receiver goes, five of eight channels keep the messages: the last sender drops them, with all that hangs on them.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "the receiving side drops what nobody can receive any more, so a sender in a thread that must not free does not"

rust 'async-channel = "=2.5.0"' 'crossbeam-channel = "=0.5.17"' 'flume = "=0.11.1"' 'kanal = "=0.1.1"' 'thingbuf = "=0.1.6"' \
  'tokio = { version = "=1.54.1", features = ["sync"] }' <<'RUST'
use std::cell::Cell;

thread_local! { static DROPPED: Cell<u64> = const { Cell::new(0) }; }

#[derive(Clone)]
struct Message;

impl Drop for Message {
    fn drop(&mut self) {
        DROPPED.set(DROPPED.get() + 1);
    }
}

fn measure<Tx, Rx>(name: &str, (tx, rx): (Tx, Rx), send: impl Fn(&Tx, Option<Message>) -> bool) {
    (0..3).for_each(|_| assert!(send(&tx, Some(Message))));
    let dropped = |end: &mut dyn FnMut()| {
        let before = DROPPED.get();
        end();
        DROPPED.get() - before
    };
    let (mut rx, mut tx) = (Some(rx), Some(tx));
    let with_receiver = dropped(&mut || drop(rx.take()));
    let with_sender = dropped(&mut || drop(tx.take()));
    println!("{name}: {with_receiver} of 3 messages dropped with the receiver, {with_sender} with the sender");
}

fn main() {
    measure("std", std::sync::mpsc::sync_channel(4), |tx, message| tx.try_send(message).is_ok());
    measure("tokio", tokio::sync::mpsc::channel(4), |tx, message| tx.try_send(message).is_ok());
    measure("crossbeam unbounded", crossbeam_channel::unbounded(), |tx, message| tx.try_send(message).is_ok());
    measure("crossbeam bounded", crossbeam_channel::bounded(4), |tx, message| tx.try_send(message).is_ok());
    measure("flume", flume::bounded(4), |tx, message| tx.try_send(message).is_ok());
    measure("kanal", kanal::bounded(4), |tx, message| tx.try_send(message).is_ok());
    measure("async-channel", async_channel::bounded(4), |tx, message| tx.try_send(message).is_ok());
    measure("thingbuf", thingbuf::mpsc::channel(4), |tx, message| tx.try_send(message).is_ok());
}
RUST

look target/debug/probe
for with in std tokio "crossbeam unbounded"; do
  holds "$with: 3 of 3 messages dropped with the receiver, 0 with the sender"
done
for without in "crossbeam bounded" flume kanal async-channel thingbuf; do
  holds "$without: 0 of 3 messages dropped with the receiver, 3 with the sender"
done
echo "found:   one crate's two kinds differ: the bounded ones, made for threads that must not free, leave it to the sender"
