//! Once is enough.

use nonblock::non_block;

#[non_block]
#[non_block]
fn count() {}

fn main() {
    count();
}
