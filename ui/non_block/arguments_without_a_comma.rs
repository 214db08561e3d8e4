//! Arguments of the attribute are separated by commas.

use nonblock::non_block;

#[non_block(nb crate = nonblock)]
fn count() {
    let _ = nb;
}

fn main() {}
