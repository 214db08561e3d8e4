//! `skip` leaves a method out of its block, so there must be one.

use nonblock::may_sleep;

#[may_sleep(skip)]
fn len() -> u64 {
    0
}

fn main() {
    len();
}
