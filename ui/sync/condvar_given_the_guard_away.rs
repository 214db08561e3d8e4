//! A condition variable borrows the guard, and does not take it and give it back.

use nonblock::Sleepable;
use nonblock::sync::{Condvar, Mutex};

fn wait(queue: &Mutex<Vec<u64>>, changed: &Condvar, cx: &mut Sleepable) {
    let queue = queue.lock(cx);
    changed.wait(cx, queue);
}

fn main() {}
