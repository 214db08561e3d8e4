//! Items go to another thread, so a worker's queue holds only what can be sent there.

use nonblock::work::Queue;

fn start(flushes: &Queue<*const u8>) {
    let started = flushes.worker("flusher", |_page, _cx| ());
    assert!(started.is_ok());
}

fn main() {}
