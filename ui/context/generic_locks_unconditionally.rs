//! Law 4: generic code acquires a sleeping lock; only a `Sleepable` waits for it.

use nonblock::{Context, sync::Mutex};

fn clear<C: Context>(table: &Mutex<Vec<u64>>, cx: &mut C) -> Result<(), C::Refusal> {
    table.lock(cx).clear();
    Ok(())
}

fn main() {}
