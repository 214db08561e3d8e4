//! The attribute takes the name of the token; its type is known.

use nonblock::{Sleepable, may_sleep};

fn wait(_cx: &mut Sleepable) {}

#[may_sleep(cx: &mut Sleepable)]
fn flush() {
    wait(cx);
}

fn main() {
    flush();
}
