//! Law 3: a section cannot wait for a condition.

use nonblock::{
    NonBlock,
    sync::{Condvar, MutexGuard},
};

fn next(queue: &mut MutexGuard<'_, Vec<u64>>, changed: &Condvar, nb: &mut NonBlock) {
    changed.wait_while(nb, queue, |queue| queue.is_empty());
}

fn main() {}
