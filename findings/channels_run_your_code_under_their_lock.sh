#!/usr/bin/env bash
# A try_send, or an unlock, sleeps while another thread is in a waker, a Clone or a Drop of the user's: the libraries call
# these with their own lock held.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "a library gives its lock back before it calls what others wrote: no try_send waits for another thread's waker, Clone or Drop"

rust 'async-broadcast = "=0.7.2"' 'async-channel = "=2.5.0"' 'async-lock = "=3.5.0"' 'event-listener = "=5.4.2"' \
  'flume = "=0.11.1"' 'kanal = "=0.1.1"' 'thingbuf = "=0.1.6"' 'tokio = { version = "=1.54.1", features = ["sync"] }' <<'RUST'
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

/// Whether the user's code shall stay where it is, and whether it is there.
static SHUT: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicBool = AtomicBool::new(false);

fn users_code() {
    while SHUT.load(SeqCst) {
        INSIDE.store(true, SeqCst);
        std::thread::sleep(Duration::from_millis(1));
    }
}

struct Slow;

impl Wake for Slow {
    fn wake(self: Arc<Self>) {
        users_code();
    }
}

impl Clone for Slow {
    fn clone(&self) -> Self {
        users_code();
        Self
    }
}

struct SlowToDrop;

impl Drop for SlowToDrop {
    fn drop(&mut self) {
        users_code();
    }
}

impl Clone for SlowToDrop {
    fn clone(&self) -> Self {
        Self
    }
}

/// `one` comes into the user's code and stays there; does `other` go on meanwhile?
fn beside(name: &str, one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    SHUT.store(true, SeqCst);
    INSIDE.store(false, SeqCst);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(one);
        while !INSIDE.load(SeqCst) {
            std::thread::yield_now();
        }
        let (tx, rx) = std::sync::mpsc::channel();
        let done = &done;
        scope.spawn(move || {
            tx.send(std::fs::read_link("/proc/thread-self").unwrap()).unwrap();
            other();
            done.store(true, SeqCst);
        });
        let stat = std::path::Path::new("/proc").join(rx.recv().unwrap()).join("stat");
        let mut asleep = 0;
        let found = loop {
            if done.load(SeqCst) {
                break "goes on";
            }
            let state = std::fs::read_to_string(&stat).unwrap_or_default();
            asleep = if state.contains(") S ") { asleep + 1 } else { 0 };
            if asleep == 200 {
                break "sleeps";
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        println!("{name}: {found}");
        SHUT.store(false, SeqCst);
    });
}

/// A receiver or a locker waits with the slow waker.
macro_rules! waits {
    ($future:expr, $then:expr) => {{
        let waker = Waker::from(Arc::new(Slow));
        let mut future = pin!($future);
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        $then
    }};
}

fn main() {
    let (tx, rx) = flume::bounded(4);
    waits!(rx.recv_async(), beside("flume, try_send beside a waker", || tx.try_send(1).unwrap(), || tx.try_send(2).unwrap()));
    let (tx, rx) = async_channel::bounded(4);
    waits!(rx.recv(), beside("async-channel, try_send beside a waker", || tx.try_send(1).unwrap(), || tx.try_send(2).unwrap()));
    let (tx, rx) = kanal::bounded_async(4);
    waits!(rx.recv(), beside("kanal, try_send beside a waker", || _ = tx.try_send(1).unwrap(), || _ = tx.try_send(2).unwrap()));
    let (tx, rx) = thingbuf::mpsc::channel(4);
    waits!(rx.recv(), beside("thingbuf, try_send beside a waker", || tx.try_send(1).unwrap(), || tx.try_send(2).unwrap()));
    let (tx, mut rx) = tokio::sync::mpsc::channel(4);
    waits!(rx.recv(), beside("tokio mpsc, try_send beside a waker", || tx.try_send(1).unwrap(), || tx.try_send(2).unwrap()));

    let lock = async_lock::Mutex::new(0);
    let held = lock.try_lock().unwrap();
    waits!(lock.lock(), beside("async-lock Mutex, unlock beside a waker", move || drop(held), || drop(lock.try_lock().unwrap())));
    let lock = tokio::sync::Mutex::new(0);
    let held = lock.try_lock().unwrap();
    waits!(lock.lock(), beside("tokio Mutex, try_lock beside a waker", move || drop(held), || drop(lock.try_lock())));

    let (tx, mut rx) = async_broadcast::broadcast(4);
    let _second = rx.clone();
    tx.try_broadcast(Slow).ok().unwrap();
    let receive = move || assert!(rx.try_recv().is_ok());
    beside("async-broadcast, try_broadcast beside a receiver's Clone", receive, || assert!(tx.try_broadcast(Slow).is_ok()));
    let (tx, mut rx) = tokio::sync::broadcast::channel(1);
    let _second = tx.subscribe();
    tx.send(Slow).ok().unwrap();
    let receive = move || assert!(rx.try_recv().is_ok());
    beside("tokio broadcast, send to a full ring beside a receiver's Clone", receive, || assert!(tx.send(Slow).is_ok()));
    let (tx, rx) = async_broadcast::broadcast(4);
    tx.try_broadcast(SlowToDrop).ok().unwrap();
    beside("async-broadcast, receiver_count beside a receiver's end", move || drop(rx), || _ = tx.receiver_count());
}
RUST

look timeout 60 target/debug/probe
for waits in "flume, try_send beside a waker" "async-channel, try_send beside a waker" "async-lock Mutex, unlock beside a waker" \
  "async-broadcast, try_broadcast beside a receiver's Clone" "tokio broadcast, send to a full ring beside a receiver's Clone" \
  "async-broadcast, receiver_count beside a receiver's end"; do
  holds "$waits: sleeps"
done
for goes in "kanal, try_send beside a waker" "thingbuf, try_send beside a waker" "tokio mpsc, try_send beside a waker" \
  "tokio Mutex, try_lock beside a waker"; do
  holds "$goes: goes on"
done
echo "found:   half of them keep it: a try_ call is then as long as the slowest waker, Clone or Drop of any thread"
