//! Law 3: a section cannot wait for an item.

use nonblock::NonBlock;
use nonblock::work::Queue;

fn next(flushes: &Queue<u64>, nb: &mut NonBlock) -> Option<u64> {
    flushes.pop(nb)
}

fn main() {}
