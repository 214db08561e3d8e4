//! `acquire` takes its context exclusively, and the guard has borrowed it: use `try_lock` there.

use nonblock::{
    NonBlock,
    sync::{Mutex, SpinLock},
};

fn count(hits: &SpinLock<u32>, table: &Mutex<Vec<u64>>, nb: &mut NonBlock) {
    let mut held = hits.lock(nb);
    if let Ok(mut table) = table.acquire(nb) {
        table.clear();
    }
    *held += 1;
}

fn main() {}
