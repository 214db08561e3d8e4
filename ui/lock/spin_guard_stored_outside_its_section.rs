//! Law 4: a spin guard cannot be put where it outlives its section.

use nonblock::{Sleepable, sync::SpinLock};

fn count(hits: &SpinLock<u32>, cx: &mut Sleepable) {
    let mut kept = None;
    cx.non_block(|nb| kept = Some(hits.lock(nb)));
    drop(kept);
}

fn main() {}
