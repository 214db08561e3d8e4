//! Law 1: a token that is bound in a body stays in it.

use nonblock::{Sleepable, may_sleep};

#[may_sleep(cx)]
fn keep() -> &'static mut Sleepable {
    cx
}

fn main() {
    keep();
}
