//! The attribute goes on functions.

use nonblock::non_block;

#[non_block]
macro_rules! count {
    () => {};
}

fn main() {
    count!();
}
