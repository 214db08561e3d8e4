//! Law 3: a section cannot wait for other threads.

use nonblock::{NonBlock, sync::Barrier};

fn meet(barrier: &Barrier, nb: &mut NonBlock) {
    barrier.wait(nb);
}

fn main() {}
