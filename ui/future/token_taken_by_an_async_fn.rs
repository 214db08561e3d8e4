//! A future that keeps a token would keep it across its awaits.

use nonblock::{NonBlock, non_block};

#[non_block]
async fn count(_nb: &mut NonBlock, _hits: u32) {}

fn main() {}
