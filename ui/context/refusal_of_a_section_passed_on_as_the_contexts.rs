//! Law 5: a section's refusal is not the refusal of the context around it.

use nonblock::{Context, sync::Mutex};

fn clear<C: Context>(table: &Mutex<Vec<u64>>, cx: &mut C) -> Result<(), C::Refusal> {
    cx.non_block(|nb| table.acquire(nb).map(|mut table| table.clear()))
}

fn main() {}
