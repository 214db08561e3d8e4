//! Law 4: a section cannot wait to read; it can only try.

use nonblock::{NonBlock, sync::RwLock};

fn count(ranges: &RwLock<Vec<u64>>, nb: &mut NonBlock) -> usize {
    ranges.read(nb).len()
}

fn main() {}
