//! Law 1: nobody owns a token.

use nonblock::{NonBlock, non_block};

#[non_block]
fn count(nb: NonBlock) {
    drop(nb);
}

fn main() {}
