//! Law 3: a section cannot wait for pushes that are under way.

use nonblock::NonBlock;
use nonblock::work::Queue;

fn rest(flushes: &Queue<u64>, nb: &mut NonBlock) -> Vec<u64> {
    flushes.drain(nb)
}

fn main() {}
