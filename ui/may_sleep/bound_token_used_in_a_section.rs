//! Law 3: a section borrows a bound token as it does any other.

use nonblock::{Sleepable, may_sleep};

fn wait(_cx: &mut Sleepable) {}

#[may_sleep(cx)]
fn main() {
    cx.non_block(|_| wait(cx));
}
