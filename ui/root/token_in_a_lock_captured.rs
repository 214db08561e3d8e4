//! Law 3: a token in a lock is found by the root's bound too.

use nonblock::{Sleepable, non_block, sync::SpinLock};

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    let slot = SpinLock::new(cx);
    non_block(|nb| flush(&mut slot.lock(nb)));
}

fn main() {}
