//! Law 3: a scope waits for its threads, so a section cannot open one.

use nonblock::{NonBlock, thread};

fn fan_out(nb: &mut NonBlock) {
    thread::scope(nb, |_scope, _cx| ());
}

fn main() {}
