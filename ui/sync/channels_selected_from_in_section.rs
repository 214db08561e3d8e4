//! Law 3: a section cannot wait for any of several values; it can only try.

use nonblock::{NonBlock, sync::channel::Select};

fn next(faults: &mut Select<'_, u64>, nb: &mut NonBlock) -> u64 {
    faults.select(nb)
}

fn main() {}
