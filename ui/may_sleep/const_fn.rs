//! What the compiler runs never sleeps.

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
const fn flush(_cx: &mut Sleepable) {}

fn main() {}
