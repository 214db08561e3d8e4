//! Only a finished wait proves that what was waited for has happened.

use std::time::Duration;

use nonblock::Sleepable;
use nonblock::sync::{Completed, Completion};

fn release(_quiet: Completed<'_>) {}

fn fence(done: &Completion, cx: &mut Sleepable) {
    release(done.wait_for(cx, Duration::from_millis(1)));
}

fn main() {}
