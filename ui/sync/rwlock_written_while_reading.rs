//! A reader's guard gives the value to look at, not to change.

use nonblock::{Sleepable, sync::RwLock};

fn clear(ranges: &RwLock<Vec<u64>>, cx: &mut Sleepable) {
    ranges.read(cx).clear();
}

fn main() {}
