//! Law 3: a section cannot wait for workers.

use nonblock::NonBlock;
use nonblock::work::Queue;

fn settle(flushes: &Queue<u64>, nb: &mut NonBlock) {
    flushes.flush(nb);
}

fn main() {}
