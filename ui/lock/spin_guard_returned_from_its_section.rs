//! Law 4: a spin lock cannot be held when its section has ended.

use nonblock::{Sleepable, sync::SpinLock};

fn count(hits: &SpinLock<u32>, cx: &mut Sleepable) {
    let mut hits = cx.non_block(|nb| hits.lock(nb));
    *hits += 1;
}

fn main() {}
