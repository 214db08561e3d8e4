//! Law 3: the body is a section, and its token no right to sleep.

use std::time::Duration;

use nonblock::{non_block, thread};

#[non_block(nb)]
fn count() {
    thread::sleep(nb, Duration::from_millis(1));
}

fn main() {
    count();
}
