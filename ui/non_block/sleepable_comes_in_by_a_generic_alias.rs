//! Law 3: no right to sleep comes into a section by an alias with a parameter.

use nonblock::{Sleepable, non_block};

type Same<T> = T;

#[non_block]
fn count(_right: &mut Same<Sleepable>) {}

fn main() {}
