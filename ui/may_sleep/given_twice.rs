//! Once is enough.

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
#[may_sleep]
fn flush(_cx: &mut Sleepable) {}

fn main() {}
