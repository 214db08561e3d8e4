//! Law 5: a refusal is an answer that must be looked at.
#![deny(unused_must_use)]

use nonblock::{Context, sync::Mutex};

fn unmap<C: Context>(table: &Mutex<Vec<u64>>, cx: &mut C) -> Result<(), C::Refusal> {
    table.acquire(cx)?.clear();
    Ok(())
}

fn main() {
    let table = Mutex::new(Vec::new());
    nonblock::sleepable(|cx| {
        cx.non_block(|nb| {
            unmap(&table, nb);
        })
    });
}
