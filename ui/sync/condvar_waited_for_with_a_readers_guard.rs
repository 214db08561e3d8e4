//! A condition variable waits with a mutex.

use nonblock::{
    Sleepable,
    sync::{Condvar, RwLock},
};

fn next(queue: &RwLock<Vec<u64>>, changed: &Condvar, cx: &mut Sleepable) {
    let mut queue = queue.read(cx);
    changed.wait(cx, &mut queue);
}

fn main() {}
