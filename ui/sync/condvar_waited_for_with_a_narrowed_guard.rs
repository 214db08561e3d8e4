//! A condition variable lets go of the whole of a mutex.

use nonblock::{
    Sleepable,
    sync::{Condvar, Mutex, MutexGuard},
};

fn next(queue: &Mutex<(u32, Vec<u64>)>, changed: &Condvar, cx: &mut Sleepable) {
    let mut queue = MutexGuard::map(queue.lock(cx), |queue| &mut queue.1);
    changed.wait(cx, &mut queue);
}

fn main() {}
