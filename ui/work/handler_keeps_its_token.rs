//! Law 1: a handler is lent its token for one item.

use nonblock::Sleepable;
use nonblock::work::Queue;

fn keep(_page: u64, _cx: &'static mut Sleepable) {}

fn start(flushes: &Queue<u64>) {
    let started = flushes.worker("flusher", keep);
    assert!(started.is_ok());
}

fn main() {}
