//! Law 3: nobody holds both tokens, whatever they are called.

use nonblock::{NonBlock, Sleepable as Right, non_block};

#[non_block]
fn count(_nb: &NonBlock, _cx: &mut Right) {}

fn main() {}
