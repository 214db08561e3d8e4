//! Law 1: a token that is bound in a body stays in it.

use nonblock::{NonBlock, non_block};

#[non_block(nb)]
fn keep() -> &'static NonBlock {
    nb
}

fn main() {
    keep();
}
