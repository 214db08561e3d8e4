//! The token is a parameter of its own, not a part of one.

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
fn flush((_cx, _block): (&mut Sleepable, u64)) {}

fn main() {}
