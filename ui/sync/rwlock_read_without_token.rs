//! Law 2: waiting to read takes the right to sleep.

use nonblock::sync::RwLock;

fn count(ranges: &RwLock<Vec<u64>>) -> usize {
    ranges.read().len()
}

fn main() {}
