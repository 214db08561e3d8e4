//! A wait with a time says whether what it waited for has happened.
#![deny(unused_must_use)]

use std::time::Duration;

use nonblock::{Sleepable, sync::Completion};

fn fence(done: &Completion, cx: &mut Sleepable) {
    done.wait_for(cx, Duration::from_millis(1));
}

fn main() {}
