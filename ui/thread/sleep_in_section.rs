//! Law 3: nothing sleeps in a section.

use std::time::Duration;

use nonblock::{Sleepable, thread};

fn flush(cx: &mut Sleepable) {
    cx.non_block(|nb| thread::sleep(nb, Duration::from_millis(1)));
}

fn main() {}
