//! The last expression of a body is its value only without a semicolon.

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
fn flush(_cx: &mut Sleepable) -> u32 {
    1 + 1;
}

fn main() {}
