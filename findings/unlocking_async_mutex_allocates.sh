#!/usr/bin/env bash
# To notify an event that nobody ever listened to allocates, and so does giving back an async lock that nobody waited for.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "where nobody waits there is nobody to keep a list of: a notification, and try_lock with its unlock, allocate nothing"

rust 'async-lock = "=3.5.0"' 'event-listener = "=5.4.2"' 'tokio = { version = "=1.54.1", features = ["sync"] }' <<'RUST'
mod counting;
use counting::count;

fn measure<R>(name: &str, mut call: impl FnMut() -> R) {
    let (first, _) = count(&mut call);
    let (second, _) = count(&mut call);
    println!("{name}: {} allocations the first time, {} the second", first.allocated, second.allocated);
}

fn main() {
    let event = event_listener::Event::<()>::new();
    measure("event-listener, notify", || event.notify(1));

    let lock = async_lock::Mutex::new(0);
    let (taking, guard) = count(|| lock.try_lock().unwrap());
    let (giving, ()) = count(|| drop(guard));
    println!("async-lock, Mutex: {} allocations by try_lock, {} by the unlock", taking.allocated, giving.allocated);
    let lock = async_lock::RwLock::new(0);
    measure("async-lock, RwLock, try_write and unlock", || drop(lock.try_write().unwrap()));
    let permits = async_lock::Semaphore::new(1);
    measure("async-lock, Semaphore, try_acquire and release", || drop(permits.try_acquire().unwrap()));

    let notify = tokio::sync::Notify::new();
    measure("tokio, Notify, notify_waiters", || notify.notify_waiters());
    let lock = tokio::sync::Mutex::new(0);
    measure("tokio, Mutex, try_lock and unlock", || drop(lock.try_lock().unwrap()));
}
RUST

look target/debug/probe
holds \
  'event-listener, notify: 1 allocations the first time, 0 the second' \
  'async-lock, Mutex: 0 allocations by try_lock, 1 by the unlock' \
  'async-lock, RwLock, try_write and unlock: 2 allocations the first time, 0 the second' \
  'async-lock, Semaphore, try_acquire and release: 1 allocations the first time, 0 the second' \
  'tokio, Notify, notify_waiters: 0 allocations the first time, 0 the second' \
  'tokio, Mutex, try_lock and unlock: 0 allocations the first time, 0 the second'
echo "found:   the first notification makes the list of listeners, though nobody listens: it is the unlock that allocates"
