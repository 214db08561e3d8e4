//! Law 5: in a section the refusal can happen, so a pattern must allow for it.

use nonblock::{NonBlock, sync::Mutex};

fn clear(table: &Mutex<Vec<u64>>, nb: &mut NonBlock) {
    let Ok(mut table) = table.acquire(nb);
    table.clear();
}

fn main() {}
