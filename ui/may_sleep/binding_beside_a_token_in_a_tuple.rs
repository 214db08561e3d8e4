//! Law 1: a token is lent once, whatever it comes in.

use nonblock::{Sleepable as Right, may_sleep};

#[may_sleep(cx)]
fn flush(_both: (u32, &mut Right)) {
    let _ = cx;
}

fn main() {}
