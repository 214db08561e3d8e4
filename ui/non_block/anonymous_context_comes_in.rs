//! What must not block takes nothing that may be a `Sleepable`, and an `impl Context` may.

use nonblock::{Context, non_block};

#[non_block]
fn count(_cx: &mut impl Context) {}

fn main() {}
