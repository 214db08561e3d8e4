//! Law 4: a wait is a wait, however short.

use std::time::Duration;

use nonblock::{NonBlock, sync::RwLock};

fn clear(ranges: &RwLock<Vec<u64>>, nb: &mut NonBlock) {
    if let Some(mut ranges) = ranges.try_write_for(nb, Duration::from_millis(1)) {
        ranges.clear();
    }
}

fn main() {}
