//! Law 3: one right to sleep is enough, wherever it is; two would let one sleep in the other's section.

use nonblock::{Sleepable, may_sleep};

fn wait(_cx: &mut Sleepable) {}

#[may_sleep(cx)]
fn flush(outer: Option<&mut Sleepable>) {
    outer.map(|outer| outer.non_block(|_| wait(cx)));
}

fn main() {}
