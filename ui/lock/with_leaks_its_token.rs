//! Law 1: the token that `with` lends cannot leave the closure.

use nonblock::{Sleepable, sync::SpinLock};

fn count(hits: &SpinLock<u32>, cx: &mut Sleepable) {
    let _nb = hits.with(cx, |_hits, nb| nb);
}

fn main() {}
