//! Law 3: no right to sleep comes into a section, whatever it is called.

use nonblock::{Sleepable as Right, non_block};

#[non_block]
fn count(_cx: &mut Right) {}

fn main() {}
