//! Law 3: no right to sleep comes into a section in an array.

use nonblock::{Sleepable as Right, non_block};

#[non_block]
fn count(_rights: [&mut Right; 1]) {}

fn main() {}
