#!/usr/bin/env bash
# To wake a thread waits, with some locks and parkers, for one that stands still while it falls asleep.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[[ $(uname -m) == x86_64 ]] || { echo "needs x86-64: it steps through instructions" >&2; exit 1; }
export CARGO_PROFILE_DEV_OPT_LEVEL=2

guessed "to wake somebody never waits: who is about to sleep is told, or finds out by itself"

rust 'crossbeam-utils = "=0.8.23"' 'event-listener = "=5.4.2"' 'libc = "=0.2.191"' 'parking_lot = "=0.12.5"' \
  'parking_lot_core = "=0.9.12"' 'tokio = { version = "=1.54.1", features = ["sync"] }' <<'RUST'
mod steps;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;
use steps::{Any, waits};

const MOMENT: Duration = Duration::from_millis(20);

fn measure(name: &str, sleep: &(dyn Fn() + Sync), wake: &(dyn Fn() + Sync)) {
    println!("{name}: {}", if waits(sleep, wake, &|| ()) { "waits" } else { "returns" });
}

fn main() {
    let parker = crossbeam_utils::sync::Parker::new();
    let (unparker, parker) = (parker.unparker().clone(), Any(parker));
    let parker = &parker;
    // What was told before is forgotten first.
    let park = || {
        parker.0.park_timeout(Duration::from_nanos(1));
        parker.0.park_timeout(MOMENT);
    };
    measure("crossbeam Unparker::unpark", &park, &|| unparker.unpark());

    let thread = Mutex::new(thread::current());
    let park = || {
        *thread.lock().unwrap() = thread::current();
        thread::park_timeout(Duration::from_micros(1));
    };
    // The peer holds the mutex at first: it is only tried.
    measure("std Thread::unpark", &park, &|| _ = thread.try_lock().map(|thread| thread.unpark()));

    let (lock, condvar) = (Mutex::new(()), Condvar::new());
    let wait = || drop(condvar.wait_timeout(lock.lock().unwrap(), Duration::from_micros(1)));
    measure("std Condvar::notify_one", &wait, &|| condvar.notify_one());

    // Somebody sleeps already, so that there is one to wake.
    let pair = Arc::new((parking_lot::Mutex::new(()), parking_lot::Condvar::new()));
    let sleeper = pair.clone();
    thread::spawn(move || loop {
        sleeper.1.wait(&mut sleeper.0.lock());
    });
    thread::sleep(MOMENT);
    let wait = || _ = pair.1.wait_for(&mut pair.0.lock(), Duration::from_micros(1));
    measure("parking_lot Condvar::notify_one", &wait, &|| _ = pair.1.notify_one());

    let notify = tokio::sync::Notify::new();
    let listen = || {
        let mut notified = std::pin::pin!(notify.notified());
        let _ = notified.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    };
    // One listens already.
    let mut listens = std::pin::pin!(notify.notified());
    let _ = listens.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    measure("tokio Notify::notify_one", &listen, &|| notify.notify_one());

    let event = event_listener::Event::new();
    let _listens = event.listen();
    measure("event-listener Event::notify", &|| drop(event.listen()), &|| _ = event.notify(2));
}
RUST

look target/debug/probe
holds 'std Thread::unpark: returns' 'std Condvar::notify_one: returns' 'crossbeam Unparker::unpark: waits' \
  'parking_lot Condvar::notify_one: waits' 'tokio Notify::notify_one: waits' 'event-listener Event::notify: waits'
echo "found:   only std's return. The others guard who waits by a lock, which the one that falls asleep holds for a moment: a thread of high \
priority that wakes one of low priority may wait for it"
