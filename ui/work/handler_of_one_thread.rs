//! A handler runs on its worker's thread, so it captures only what can be sent there.

use std::cell::Cell;

use nonblock::work::Queue;

fn start(flushes: &Queue<u64>, last: &'static Cell<u64>) {
    let started = flushes.worker("flusher", |page, _cx| last.set(page));
    assert!(started.is_ok());
}

fn main() {}
