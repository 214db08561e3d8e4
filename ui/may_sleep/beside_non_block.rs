//! Nothing both may sleep and must not.

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
#[nonblock::non_block]
fn flush(_cx: &mut Sleepable) {}

fn main() {}
