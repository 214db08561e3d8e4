//! Law 2: waiting for the other readers to finish takes the right to sleep.

use nonblock::sync::{RwLockUpgradableReadGuard, RwLockWriteGuard};

fn change(reader: RwLockUpgradableReadGuard<'_, u32>) -> RwLockWriteGuard<'_, u32> {
    RwLockUpgradableReadGuard::upgrade(reader)
}

fn main() {}
