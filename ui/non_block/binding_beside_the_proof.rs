//! A section that is open already needs no second one.

use nonblock::{NonBlock, non_block};

fn touch(_nb: &NonBlock) {}

#[non_block(nb)]
fn count(_outer: &NonBlock) {
    touch(nb);
}

fn main() {}
