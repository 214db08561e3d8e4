//! Law 3: a root cannot be opened around a section's token.

use nonblock::{NonBlock, Sleepable, sleepable};

fn flush(_cx: &mut Sleepable, _nb: &NonBlock) {}

fn run(nb: &NonBlock) {
    sleepable(|cx| flush(cx, nb));
}

fn main() {}
