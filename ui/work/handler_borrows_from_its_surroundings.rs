//! A worker runs until its queue ends, so its handler owns what it uses.

use std::sync::atomic::{AtomicU64, Ordering};

use nonblock::work::Queue;

fn start(flushes: &Queue<u64>) {
    let last = AtomicU64::new(0);
    let started = flushes.worker("flusher", |page, _cx| last.store(page, Ordering::Relaxed));
    assert!(started.is_ok());
}

fn main() {}
