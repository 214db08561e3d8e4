//! What must not block takes no `Sleepable`, and what is not imported is none.

use nonblock::non_block;

#[non_block]
fn count(_cx: &mut Sleepable) {}

fn main() {}
