//! The attribute takes the name of the token; its type is known.

use nonblock::{NonBlock, non_block};

fn touch(_nb: &NonBlock) {}

#[non_block(nb: &mut NonBlock)]
fn count() {
    touch(nb);
}

fn main() {
    count();
}
