//! A guard that is not kept guards nothing.
#![deny(unused_must_use)]

use nonblock::{NonBlock, sync::SpinLock};

fn lock_up(hits: &SpinLock<u32>, nb: &NonBlock) {
    hits.lock(nb);
}

fn main() {}
