//! Law 5: generic code that may be refused says so in its return type.

use nonblock::{Context, sync::Mutex};

fn clear<C: Context>(table: &Mutex<Vec<u64>>, cx: &mut C) {
    table.acquire(cx)?.clear();
}

fn main() {}
