//! Law 4: taking a spinning lock takes the proof of a section.

use nonblock::sync::SpinRwLock;

fn clear(ranges: &SpinRwLock<Vec<u64>>) {
    ranges.write().clear();
}

fn main() {}
