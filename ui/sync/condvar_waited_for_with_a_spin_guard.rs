//! Law 4: who holds a spin lock cannot wait, so a condition variable does not take its guard.

use nonblock::{
    NonBlock, Sleepable,
    sync::{Condvar, SpinLock},
};

fn next(queue: &SpinLock<Vec<u64>>, changed: &Condvar, cx: &mut Sleepable, nb: &NonBlock) {
    changed.wait(cx, &mut queue.lock(nb));
}

fn main() {}
