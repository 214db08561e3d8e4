//! Law 4: letting go of a lock for a while ends with a wait for it.

use nonblock::{
    NonBlock,
    sync::{Mutex, MutexGuard},
};

fn pause(table: &Mutex<Vec<u64>>, nb: &mut NonBlock) {
    if let Some(mut held) = table.try_lock() {
        MutexGuard::unlocked(&mut held, nb, |_| ());
    }
}

fn main() {}
