//! Law 4: a spinning lock is held in a section, to read too.

use nonblock::{Sleepable, sync::SpinRwLock};

fn count(ranges: &SpinRwLock<Vec<u64>>, cx: &mut Sleepable) -> usize {
    ranges.read(cx).len()
}

fn main() {}
