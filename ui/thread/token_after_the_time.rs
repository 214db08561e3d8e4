//! In `thread` and `sync` the token comes first of the arguments.

use std::time::Duration;

use nonblock::{Sleepable, thread};

fn pause(cx: &mut Sleepable) {
    thread::sleep(Duration::from_millis(1), cx);
}

fn main() {}
