//! What a guard is narrowed to cannot outlive the guard.

use nonblock::{
    Sleepable,
    sync::{Mutex, MutexGuard},
};

fn first<'a>(table: &'a Mutex<(u64, u64)>, cx: &mut Sleepable) -> &'a mut u64 {
    let mut first = MutexGuard::map(table.lock(cx), |table| &mut table.0);
    &mut *first
}

fn main() {}
