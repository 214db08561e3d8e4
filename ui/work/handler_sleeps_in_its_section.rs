//! Law 3: a section that a handler opens borrows its token.

use std::time::Duration;

use nonblock::thread;
use nonblock::work::Queue;

fn start(flushes: &Queue<u64>) {
    let started = flushes.worker("flusher", |page, cx| {
        cx.non_block(|_nb| thread::sleep(cx, Duration::from_micros(page)));
    });
    assert!(started.is_ok());
}

fn main() {}
