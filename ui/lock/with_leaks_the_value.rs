//! Law 4: what a spin lock guards cannot leave the closure.

use nonblock::{Sleepable, sync::SpinLock};

fn count<'a>(hits: &'a SpinLock<u32>, cx: &mut Sleepable) -> &'a mut u32 {
    hits.with(cx, |hits, _nb| hits)
}

fn main() {}
