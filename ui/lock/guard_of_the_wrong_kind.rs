//! Law 4: a sleeping lock's guard is none of a spin lock's.

use nonblock::{
    Sleepable,
    sync::{Mutex, SpinLockGuard},
};

fn lock_up<'a>(table: &'a Mutex<u32>, cx: &mut Sleepable) -> SpinLockGuard<'a, u32> {
    table.lock(cx)
}

fn main() {}
