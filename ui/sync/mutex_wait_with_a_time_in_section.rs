//! Law 4: a wait is a wait, however short.

use std::time::Duration;

use nonblock::{NonBlock, sync::Mutex};

fn clear(table: &Mutex<Vec<u64>>, nb: &mut NonBlock) {
    if let Some(mut table) = table.try_lock_for(nb, Duration::from_millis(1)) {
        table.clear();
    }
}

fn main() {}
