//! The path of the crate stands without quotes.

use nonblock::{Sleepable, may_sleep};

#[may_sleep(crate = "nonblock")]
fn flush(_cx: &mut Sleepable) {}

fn main() {}
