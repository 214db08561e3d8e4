//! Law 3: a lock that is let go for a while is waited for again, which a section cannot.

use nonblock::{NonBlock, sync::RwLockWriteGuard};

fn breathe(table: &mut RwLockWriteGuard<'_, u32>, nb: &mut NonBlock) {
    RwLockWriteGuard::unlocked(table, nb, |_| ());
}

fn main() {}
