//! A `Sleepable` does not come into what must not block, in whatever shape.

use nonblock::{Sleepable, non_block};

#[non_block]
fn count(_cx: &Sleepable) {}

fn main() {}
