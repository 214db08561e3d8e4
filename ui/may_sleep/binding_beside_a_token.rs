//! A token that comes in is all a function needs.

use nonblock::{Sleepable, may_sleep};

fn wait(_cx: &mut Sleepable) {}

#[may_sleep(cx)]
fn flush(outer: &mut Sleepable) {
    wait(cx);
    wait(outer);
}

fn main() {}
