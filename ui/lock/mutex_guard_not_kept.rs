//! A guard that is not kept guards nothing.
#![deny(unused_must_use)]

use nonblock::{Sleepable, sync::Mutex};

fn lock_up(table: &Mutex<Vec<u64>>, cx: &mut Sleepable) {
    table.lock(cx);
}

fn main() {}
