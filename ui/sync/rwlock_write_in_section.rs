//! Law 4: a section cannot wait to write; it can only try.

use nonblock::{NonBlock, sync::RwLock};

fn clear(ranges: &RwLock<Vec<u64>>, nb: &mut NonBlock) {
    ranges.write(nb).clear();
}

fn main() {}
