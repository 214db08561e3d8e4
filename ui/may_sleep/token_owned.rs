//! Law 1: nobody owns a token.

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
fn flush(cx: Sleepable) {
    drop(cx);
}

fn main() {}
