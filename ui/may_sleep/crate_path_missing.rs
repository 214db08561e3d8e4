//! After `crate =` there is a path.

use nonblock::{Sleepable, may_sleep};

#[may_sleep(crate =)]
fn flush(_cx: &mut Sleepable) {}

fn main() {}
