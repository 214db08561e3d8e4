//! Law 3: a wait is a wait, however short; in a section an upgrade is only tried.

use std::time::Duration;

use nonblock::{NonBlock, sync::RwLockUpgradableReadGuard};

fn change(reader: RwLockUpgradableReadGuard<'_, u32>, nb: &mut NonBlock) -> bool {
    RwLockUpgradableReadGuard::try_upgrade_for(reader, nb, Duration::from_millis(1)).is_ok()
}

fn main() {}
