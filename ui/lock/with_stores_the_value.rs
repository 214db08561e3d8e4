//! Law 4: what a spin lock guards cannot be put outside the closure.

use nonblock::{Sleepable, sync::SpinLock};

fn count(hits: &SpinLock<u32>, cx: &mut Sleepable) {
    let mut kept = None;
    hits.with(cx, |hits, _nb| kept = Some(hits));
    drop(kept);
}

fn main() {}
