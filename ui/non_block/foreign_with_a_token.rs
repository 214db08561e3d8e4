//! A foreign function knows nothing of tokens.

use nonblock::{NonBlock, non_block};

#[non_block]
unsafe extern "C" {
    fn tick(nb: &NonBlock);
}

fn main() {}
