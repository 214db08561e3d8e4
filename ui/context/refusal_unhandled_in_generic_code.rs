//! Law 5: generic code does not know that it is not refused, so it passes the refusal on.

use nonblock::{Context, sync::Mutex};

fn clear<C: Context>(table: &Mutex<Vec<u64>>, cx: &mut C) {
    let Ok(mut table) = table.acquire(cx);
    table.clear();
}

fn main() {}
