//! Law 3: a section borrows the token until it ends, so nothing in it waits for others.

use nonblock::{Sleepable, sync::Barrier};

fn start(all: &Barrier, cx: &mut Sleepable) {
    cx.non_block(|_nb| all.wait(cx));
}

fn main() {}
