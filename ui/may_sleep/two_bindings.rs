//! There is one token, and one name for it.

use nonblock::{Sleepable, may_sleep};

fn wait(_cx: &mut Sleepable) {}

#[may_sleep(cx, right)]
fn flush() {
    wait(cx);
}

fn main() {
    flush();
}
