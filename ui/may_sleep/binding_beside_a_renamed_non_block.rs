//! Law 3: a section cannot bind a right to sleep, whatever its proof is called.

use nonblock::{NonBlock as Atomic, Sleepable, may_sleep};

fn wait(_cx: &mut Sleepable) {}

#[may_sleep(cx)]
fn flush(_nb: &Atomic) {
    wait(cx);
}

fn main() {}
