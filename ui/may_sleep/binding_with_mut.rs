//! The attribute takes the name of the token, which is a `&mut` reference as it is.

use nonblock::{Sleepable, may_sleep};

fn wait(_cx: &mut Sleepable) {}

#[may_sleep(mut cx)]
fn flush() {
    wait(cx);
}

fn main() {
    flush();
}
