//! The token needs a name of its own.

use nonblock::non_block;

#[non_block(nb)]
fn count(nb: u64) -> u64 {
    nb
}

fn main() {
    count(1);
}
