//! The attribute refuses arguments that it does not know.

use nonblock::{Sleepable, may_sleep};

#[may_sleep(timeout = 5)]
fn flush(_cx: &mut Sleepable) {}

fn main() {}
