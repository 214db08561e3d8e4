//! A handler is lent the right to sleep, and must take it.

use nonblock::work::Queue;

fn start(flushes: &Queue<u64>) {
    let started = flushes.worker("flusher", |page| println!("{page}"));
    assert!(started.is_ok());
}

fn main() {}
