//! Law 2: waiting for a sleeping lock takes the right to sleep.

use nonblock::sync::Mutex;

fn clear(table: &Mutex<Vec<u64>>) {
    table.lock().clear();
}

fn main() {}
