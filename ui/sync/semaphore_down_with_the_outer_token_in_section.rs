//! Law 3: a section borrows the token until it ends, so nothing in it waits for a permit.

use nonblock::{Sleepable, sync::Semaphore};

fn reserve(channels: &Semaphore, cx: &mut Sleepable) {
    cx.non_block(|_nb| channels.down(cx));
}

fn main() {}
