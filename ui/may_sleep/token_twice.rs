//! Law 3: there is one right to sleep at a time.

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
fn flush(_left: &mut Sleepable, _right: &mut Sleepable) {}

fn main() {}
