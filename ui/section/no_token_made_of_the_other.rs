//! Law 3: no cast makes a right to sleep of a section's token.

use nonblock::{NonBlock, Sleepable};

fn flush(_cx: &mut Sleepable) {}

fn run(nb: &mut NonBlock) {
    flush(nb as &mut Sleepable);
}

fn main() {}
