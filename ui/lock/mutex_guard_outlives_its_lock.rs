//! A guard borrows its lock.

use nonblock::{
    Sleepable,
    sync::{Mutex, MutexGuard},
};

fn lock_up(cx: &mut Sleepable) -> MutexGuard<'static, u64> {
    let local = Mutex::new(0);
    local.lock(cx)
}

fn main() {}
