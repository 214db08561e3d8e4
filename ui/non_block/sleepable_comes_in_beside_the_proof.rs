//! Law 3: nobody holds both tokens.

use nonblock::{NonBlock, Sleepable, non_block};

#[non_block]
fn count(_nb: &NonBlock, _cx: &mut Sleepable) {}

fn main() {}
