//! Law 2: waiting to write takes the right to sleep.

use nonblock::sync::RwLock;

fn clear(ranges: &RwLock<Vec<u64>>) {
    ranges.write().clear();
}

fn main() {}
