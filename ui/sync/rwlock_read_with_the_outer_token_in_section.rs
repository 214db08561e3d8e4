//! Law 4: the token that the section borrows does not take a lock in it.

use nonblock::{Sleepable, sync::RwLock};

fn count(ranges: &RwLock<Vec<u64>>, cx: &mut Sleepable) -> usize {
    cx.non_block(|_| ranges.read(cx).len())
}

fn main() {}
