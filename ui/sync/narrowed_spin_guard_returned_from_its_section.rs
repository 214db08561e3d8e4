//! Law 4: a part of what a spin lock guards does not outlive the section either.

use nonblock::{
    Sleepable,
    sync::{SpinLock, SpinLockGuard},
};

fn count(hits: &SpinLock<(u32, u32)>, cx: &mut Sleepable) {
    let mut first = cx.non_block(|nb| SpinLockGuard::map(hits.lock(nb), |hits| &mut hits.0));
    *first += 1;
}

fn main() {}
