//! Law 4: a spin lock is held in a section, so that its holder cannot sleep.

use nonblock::{Sleepable, sync::SpinLock};

fn count(hits: &SpinLock<u32>, cx: &mut Sleepable) {
    *hits.lock(cx) += 1;
}

fn main() {}
