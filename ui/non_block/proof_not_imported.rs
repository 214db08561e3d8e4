//! The token's type is imported where it is used.

use nonblock::non_block;

#[non_block]
fn count(_nb: &NonBlock, _n: u32) {}

fn main() {}
