//! Law 3: a wait is a wait, however short.

use std::time::Duration;

use nonblock::{
    NonBlock,
    sync::{Condvar, MutexGuard},
};

fn next(queue: &mut MutexGuard<'_, Vec<u64>>, changed: &Condvar, nb: &mut NonBlock) {
    changed.wait_while_for(nb, queue, |queue| queue.is_empty(), Duration::from_millis(1));
}

fn main() {}
