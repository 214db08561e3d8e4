//! Law 3: a permit puts its section aside, so it cannot use the section's token.

use nonblock::{NonBlock, Sleepable, permit_sleep};

fn flush(_cx: &mut Sleepable, _nb: &NonBlock) {}

fn run(nb: &NonBlock) {
    permit_sleep("flushing is quick", |cx| flush(cx, nb));
}

fn main() {}
