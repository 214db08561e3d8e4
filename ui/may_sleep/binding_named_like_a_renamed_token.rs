//! Where the token comes in under another name, none is bound either.

use nonblock::{Sleepable as Right, may_sleep};

#[may_sleep(cx)]
fn flush(cx: &mut Right) {
    let _ = cx;
}

fn main() {}
