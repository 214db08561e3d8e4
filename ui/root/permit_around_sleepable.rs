//! Law 3: a permit around a token in scope would lend a second right to sleep.

use nonblock::{Sleepable, permit_sleep};

fn flush(_cx: &mut Sleepable) {}

fn run(outer: &mut Sleepable) {
    permit_sleep("flushing is quick", |inner| outer.non_block(|_| flush(inner)));
}

fn main() {}
