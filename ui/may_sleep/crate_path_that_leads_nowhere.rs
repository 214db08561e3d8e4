//! The path of the crate must lead to it.

use nonblock::{Sleepable, may_sleep};

#[may_sleep(crate = crate::vendored)]
fn flush(_cx: &mut Sleepable) {}

fn main() {}
