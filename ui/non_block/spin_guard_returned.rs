//! Law 4: a spin lock cannot be held when the function that is its section has returned.

use nonblock::{
    non_block,
    sync::{SpinLock, SpinLockGuard},
};

#[non_block(nb)]
fn lock_up(hits: &SpinLock<u32>) -> SpinLockGuard<'_, u32> {
    hits.lock(nb)
}

fn main() {}
