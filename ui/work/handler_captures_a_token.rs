//! Law 1: a token stays on its thread; a handler is lent one of its own.

use nonblock::work::Queue;
use nonblock::{Sleepable, thread};

fn start(flushes: &Queue<u64>, cx: &'static mut Sleepable) {
    let started = flushes.worker("flusher", move |_page, _cx| thread::yield_now(cx));
    assert!(started.is_ok());
}

fn main() {}
