//! Law 4: a spinning lock cannot be held when its section has ended, to read either.

use nonblock::{Sleepable, sync::SpinRwLock};

fn count(ranges: &SpinRwLock<Vec<u64>>, cx: &mut Sleepable) -> usize {
    let ranges = cx.non_block(|nb| ranges.read(nb));
    ranges.len()
}

fn main() {}
