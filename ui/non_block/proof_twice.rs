//! One proof is enough.

use nonblock::{NonBlock, non_block};

#[non_block]
fn count(_outer: &NonBlock, _inner: &NonBlock) {}

fn main() {}
