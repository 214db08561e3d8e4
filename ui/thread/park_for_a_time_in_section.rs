//! Law 3: a wait is a wait, however short.

use std::time::Duration;

use nonblock::{NonBlock, thread};

fn wait(nb: &mut NonBlock) {
    thread::park_timeout(nb, Duration::from_millis(1));
}

fn main() {}
