//! Law 3: a section cannot wait for workers.

use nonblock::NonBlock;
use nonblock::work::Queue;

fn unload(flushes: &Queue<u64>, nb: &mut NonBlock) {
    flushes.shutdown(nb);
}

fn main() {}
