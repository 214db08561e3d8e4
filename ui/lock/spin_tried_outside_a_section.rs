//! Law 4: a spin lock is held in a section, however it was taken.

use nonblock::{Sleepable, sync::SpinLock};

fn count(hits: &SpinLock<u32>, cx: &mut Sleepable) {
    if let Some(mut hits) = hits.try_lock(cx) {
        *hits += 1;
    }
}

fn main() {}
