//! Law 3: a section borrows the token that it was opened by.

use std::time::Duration;

use nonblock::{Sleepable, thread};

fn flush(cx: &mut Sleepable) {
    cx.non_block(|_| thread::sleep(cx, Duration::from_millis(1)));
}

fn main() {}
