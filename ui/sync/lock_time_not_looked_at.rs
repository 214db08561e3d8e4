//! A lock with a time says whether it was taken.
#![deny(unused_must_use)]

use std::time::Duration;

use nonblock::{Sleepable, sync::Mutex};

fn write_out(pages: &Mutex<u64>, cx: &mut Sleepable) {
    pages.try_lock_for(cx, Duration::from_millis(1));
}

fn main() {}
