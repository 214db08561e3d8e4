//! A lock is not its value: it has none of its methods.

use nonblock::sync::Mutex;

fn clear(table: &Mutex<Vec<u64>>) {
    table.clear();
}

fn main() {}
