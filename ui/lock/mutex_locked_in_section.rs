//! Law 4: a section cannot wait for a sleeping lock; it can only try.

use nonblock::{NonBlock, sync::Mutex};

fn clear(table: &Mutex<Vec<u64>>, nb: &mut NonBlock) {
    table.lock(nb).clear();
}

fn main() {}
