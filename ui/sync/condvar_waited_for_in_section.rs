//! Law 3: a section cannot wait for a notification.

use nonblock::{
    NonBlock,
    sync::{Condvar, Mutex},
};

fn next(queue: &Mutex<Vec<u64>>, changed: &Condvar, nb: &mut NonBlock) {
    if let Some(mut queue) = queue.try_lock() {
        changed.wait(nb, &mut queue);
    }
}

fn main() {}
