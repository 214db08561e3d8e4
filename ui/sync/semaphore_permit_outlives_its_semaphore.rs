//! A permit borrows its semaphore.

use nonblock::sync::{Semaphore, SemaphorePermit};

fn claim() -> Option<SemaphorePermit<'static>> {
    let local = Semaphore::new(1);
    local.try_acquire()
}

fn main() {}
