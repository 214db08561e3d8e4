//! Code for a lock over any raw lock has to say that the raw lock is one: `R: RawMutex`.

use nonblock::{NonBlock, sync::SpinLock};

fn count<R>(hits: &SpinLock<u32, R>, nb: &NonBlock) {
    *hits.lock(nb) += 1;
}

fn main() {}
