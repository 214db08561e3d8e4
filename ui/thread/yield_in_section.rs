//! Law 3: a section keeps its processor.

use nonblock::{NonBlock, thread};

fn wait(nb: &mut NonBlock) {
    thread::yield_now(nb);
}

fn main() {}
