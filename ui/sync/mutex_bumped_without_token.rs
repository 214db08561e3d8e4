//! Law 2: who hands a lock on waits for it again, and that takes the right to sleep.

use nonblock::sync::MutexGuard;

fn breathe(table: &mut MutexGuard<'_, u32>) {
    MutexGuard::bump(table);
}

fn main() {}
