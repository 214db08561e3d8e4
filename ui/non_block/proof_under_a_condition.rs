//! A proof that is there only in some builds proves nothing in the others.

use nonblock::{NonBlock, non_block};

#[non_block]
fn count(#[cfg(not(test))] _nb: &NonBlock) {}

fn main() {}
