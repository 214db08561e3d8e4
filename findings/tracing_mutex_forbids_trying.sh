#!/usr/bin/env bash
# tracing-mutex, which panics where locks could deadlock, panics at try_lock too: against the order, and on the own lock.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "who only tries cannot deadlock: try_lock against the order is granted, and try_lock of a lock that is held answers None"

rust 'tracing-mutex = { version = "=0.3.3", features = ["parking_lot"] }' 'parking_lot = "=0.12.5"' <<'RUST'
use std::panic::{AssertUnwindSafe, catch_unwind};
use tracing_mutex::parkinglot::tracing::Mutex;

fn tell(name: &str, call: impl FnOnce() -> &'static str) {
    let result = catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map_or("", |text| text.as_str());
        if text.starts_with("Found cycle in mutex dependency graph") { "panics, with a cycle" } else { "panics" }
    });
    println!("{name}: {result}");
}

fn main() {
    std::panic::set_hook(Box::new(|_| ()));
    let answer = |granted| if granted { "granted" } else { "refused" };

    let (one, two) = (parking_lot::Mutex::new(1), parking_lot::Mutex::new(2));
    drop((one.lock(), two.lock()));
    let held = two.lock();
    tell("parking_lot, try_lock against the order", || answer(one.try_lock().is_some()));
    tell("parking_lot, try_lock of the lock that is held", || answer(two.try_lock().is_some()));
    drop(held);

    let (one, two) = (Mutex::new(1), Mutex::new(2));
    drop((one.lock(), two.lock()));
    let held = two.lock();
    tell("tracing-mutex, try_lock against the order", || answer(one.try_lock().is_some()));
    tell("tracing-mutex, try_lock of the lock that is held", || answer(two.try_lock().is_some()));
    drop(held);
    let (one, two) = (Mutex::new(1), Mutex::new(2));
    tell("tracing-mutex, two locks only ever tried, in both orders", || {
        drop((one.try_lock().unwrap(), two.try_lock().unwrap()));
        drop((two.try_lock().unwrap(), one.try_lock().unwrap()));
        "granted"
    });
}
RUST

look target/debug/probe
holds \
  'parking_lot, try_lock against the order: granted' \
  'parking_lot, try_lock of the lock that is held: refused' \
  'tracing-mutex, try_lock against the order: panics, with a cycle' \
  'tracing-mutex, try_lock of the lock that is held: panics, with a cycle' \
  'tracing-mutex, two locks only ever tried, in both orders: panics, with a cycle'
echo "found:   a try counts as a wait there: code that tries in order not to deadlock cannot be run under it"
