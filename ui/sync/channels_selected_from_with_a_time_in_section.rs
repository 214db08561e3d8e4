//! Law 3: a wait is a wait, however short and for however many.

use std::time::Duration;

use nonblock::{NonBlock, sync::channel::Select};

fn next(faults: &mut Select<'_, u64>, nb: &mut NonBlock) -> Option<u64> {
    faults.select_timeout(nb, Duration::from_millis(1))
}

fn main() {}
