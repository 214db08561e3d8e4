//! Law 2: waiting for a notification takes the right to sleep, before the guard.

use nonblock::{
    Sleepable,
    sync::{Condvar, Mutex},
};

fn next(queue: &Mutex<Vec<u64>>, changed: &Condvar, cx: &mut Sleepable) {
    let mut queue = queue.lock(cx);
    changed.wait(&mut queue);
}

fn main() {}
