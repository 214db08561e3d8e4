//! Law 4: who holds a spin lock cannot wait for a sleeping one.

use nonblock::{
    NonBlock,
    sync::{Mutex, SpinLock},
};

fn count(hits: &SpinLock<u32>, table: &Mutex<Vec<u64>>, nb: &mut NonBlock) {
    let mut hits = hits.lock(nb);
    table.lock(nb).clear();
    *hits += 1;
}

fn main() {}
