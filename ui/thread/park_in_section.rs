//! Law 3: a section cannot park its thread.

use nonblock::{NonBlock, thread};

fn wait(nb: &mut NonBlock) {
    thread::park(nb);
}

fn main() {}
