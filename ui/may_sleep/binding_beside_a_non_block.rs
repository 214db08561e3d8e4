//! Law 3: a section cannot bind a right to sleep.

use nonblock::{NonBlock, Sleepable, may_sleep};

fn wait(_cx: &mut Sleepable) {}

#[may_sleep(cx)]
fn flush(_nb: &NonBlock) {
    wait(cx);
}

fn main() {}
