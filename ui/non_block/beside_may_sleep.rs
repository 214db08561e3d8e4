//! Nothing both must not sleep and may.

use nonblock::{NonBlock, non_block};

#[non_block]
#[nonblock::may_sleep]
fn count(_nb: &NonBlock) {}

fn main() {}
