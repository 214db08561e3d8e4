//! Law 3: the right to sleep is an exclusive borrow.

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
fn flush(_cx: &Sleepable) {}

fn main() {}
