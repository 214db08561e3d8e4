//! Law 3: the right to sleep is an exclusive borrow.

use nonblock::{Sleepable, sync::Mutex};

fn clear(table: &Mutex<Vec<u64>>, cx: &Sleepable) {
    table.lock(cx).clear();
}

fn main() {}
