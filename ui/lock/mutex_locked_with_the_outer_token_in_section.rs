//! Law 4: the token that the section borrows does not lock a mutex in it.

use nonblock::{Sleepable, sync::Mutex};

fn clear(table: &Mutex<Vec<u64>>, cx: &mut Sleepable) {
    cx.non_block(|_| table.lock(cx).clear());
}

fn main() {}
