//! Law 4: a section cannot wait for other readers to finish; it can only try to upgrade.

use nonblock::{
    NonBlock,
    sync::{RwLock, RwLockUpgradableReadGuard},
};

fn clear(ranges: &RwLock<Vec<u64>>, nb: &mut NonBlock) {
    if let Some(reader) = ranges.try_upgradable_read() {
        RwLockUpgradableReadGuard::upgrade(reader, nb).clear();
    }
}

fn main() {}
