//! Where the token comes in, none is bound, whatever their names.

use nonblock::{Sleepable, may_sleep};

#[may_sleep(cx)]
fn flush(cx: &mut Sleepable) {
    nonblock::sync::Semaphore::new(0).acquire(cx);
}

fn main() {}
