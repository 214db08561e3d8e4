//! The crate has one path.

use nonblock::{Sleepable, may_sleep};

#[may_sleep(crate = nonblock, crate = ::nonblock)]
fn flush(_cx: &mut Sleepable) {}

fn main() {}
