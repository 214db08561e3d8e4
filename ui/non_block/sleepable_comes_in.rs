//! Law 3: no right to sleep comes into a section.

use nonblock::{Sleepable, non_block};

#[non_block]
fn count(_cx: &mut Sleepable) {}

fn main() {}
