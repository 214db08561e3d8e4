//! Law 3: a wait is a wait, however short.

use std::time::Duration;

use nonblock::{
    NonBlock,
    sync::{Condvar, MutexGuard},
};

fn next(queue: &mut MutexGuard<'_, Vec<u64>>, changed: &Condvar, nb: &mut NonBlock) {
    changed.wait_for(nb, queue, Duration::from_millis(1));
}

fn main() {}
