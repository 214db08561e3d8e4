//! A spin guard borrows its section's token, so what needs it exclusively comes before or after.

use nonblock::{NonBlock, sync::SpinLock};

fn count(hits: &SpinLock<u32>, nb: &mut NonBlock) {
    let mut held = hits.lock(nb);
    nb.non_block(|_| ());
    *held += 1;
}

fn main() {}
