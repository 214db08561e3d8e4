#!/usr/bin/env bash
# `lock().now_or_never()` of tokio's mutex answers that the mutex is taken, and `recv().now_or_never()` that the channel is empty, where neither
# is so: after 128 successes without an await that returned to the runtime. `try_lock` and `try_recv` are not concerned.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "a future of tokio that could be ready is ready when it is polled, so now_or_never is as good as the try"

rust 'async-channel = "=2.5.0"' 'futures-util = { version = "=0.3.34", features = ["channel"] }' 'tokio = { version = "=1.54.1", features = ["rt", "sync"] }' <<'RUST'
use futures_util::FutureExt;
use std::future::ready;

const CALLS: usize = 1000;

/// How many calls in a row succeed.
fn measure(name: &str, mut succeeds: impl FnMut() -> bool) {
    let successes = (0..CALLS).take_while(|_| succeeds()).count();
    println!("{name}: {successes} of {CALLS}");
}

async fn measure_all() {
    let mutex = tokio::sync::Mutex::new(());
    measure("mutex, lock", || mutex.lock().now_or_never().is_some());
    measure("mutex, try_lock", || mutex.try_lock().is_ok());
    tokio::task::yield_now().await;
    let semaphore = tokio::sync::Semaphore::new(1);
    measure("semaphore, acquire", || semaphore.acquire().now_or_never().is_some());
    tokio::task::yield_now().await;
    let (sender, mut receiver) = tokio::sync::mpsc::channel(2 * CALLS);
    (0..2 * CALLS).for_each(|number| sender.try_send(number).unwrap());
    measure("channel, recv", || receiver.recv().now_or_never().is_some());
    measure("channel, try_recv", || receiver.try_recv().is_ok());
    tokio::task::yield_now().await;
    measure("oneshot, await", || {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        sender.send(()).unwrap();
        receiver.now_or_never().is_some()
    });
    measure("std, ready", || ready(()).now_or_never().is_some());
    let (sender, receiver) = async_channel::bounded(CALLS);
    (0..CALLS).for_each(|number| sender.try_send(number).unwrap());
    measure("async-channel, recv", || receiver.recv().now_or_never().is_some());
}

fn main() {
    let mutex = tokio::sync::Mutex::new(());
    measure("outside, lock", || mutex.lock().now_or_never().is_some());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { tokio::spawn(measure_all()).await.unwrap() });
    runtime.block_on(tokio::task::unconstrained(async { measure("unconstrained, lock", || mutex.lock().now_or_never().is_some()) }));
}
RUST

look target/debug/probe
holds 'outside, lock: 1000 of 1000' 'mutex, lock: 128 of 1000' 'mutex, try_lock: 1000 of 1000' 'semaphore, acquire: 128 of 1000' \
  'channel, recv: 128 of 1000' 'channel, try_recv: 1000 of 1000' 'oneshot, await: 128 of 1000' 'std, ready: 1000 of 1000' \
  'async-channel, recv: 1000 of 1000' 'unconstrained, lock: 1000 of 1000'
echo "found:   a task has a budget of 128 such polls until it returns to the runtime; when it is used up, the locks and channels of tokio pretend not to be \
ready, and now_or_never takes that for an answer"
