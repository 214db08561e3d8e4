//! Where the proof of a section comes in, none is bound, whatever their names.

use nonblock::{NonBlock, non_block};

#[non_block(nb)]
fn count(nb: &mut NonBlock) -> u32 {
    nb.non_block(|_| 1)
}

fn main() {}
