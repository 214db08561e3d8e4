//! Law 3: a section cannot wait for a permit; it can only try.

use nonblock::{NonBlock, sync::Semaphore};

fn claim(channels: &Semaphore, nb: &mut NonBlock) {
    channels.down(nb);
}

fn main() {}
