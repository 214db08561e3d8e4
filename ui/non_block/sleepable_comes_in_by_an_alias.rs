//! Law 3: no right to sleep comes into a section by an alias of its reference.

use nonblock::{Sleepable, non_block};

type Right<'a> = &'a mut Sleepable;

#[non_block]
fn count(_cx: Right<'_>) {}

fn main() {}
