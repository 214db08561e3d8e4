//! `skip` leaves a method out of its block, so there must be one.

use nonblock::non_block;

#[non_block(skip)]
fn wait() {}

fn main() {
    wait();
}
