//! Under a lock lies a raw lock of the crate `lock_api`, and not any type.

use nonblock::{NonBlock, sync::SpinLock};

struct RawIrqLock;

fn count(hits: &SpinLock<u32, RawIrqLock>, nb: &NonBlock) {
    *hits.lock(nb) += 1;
}

fn main() {}
