//! Law 3: one right to sleep is enough; two would let one sleep in the other's section.

use nonblock::{Sleepable as Right, may_sleep};

fn wait(_cx: &mut Right) {}

#[may_sleep(cx)]
fn flush(outer: &mut Right) {
    outer.non_block(|_| wait(cx));
}

fn main() {}
