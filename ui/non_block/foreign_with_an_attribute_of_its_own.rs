//! A foreign function is in one block, with one attribute.

use nonblock::non_block;

#[non_block]
unsafe extern "C" {
    #[nonblock::may_sleep]
    fn sync();

    fn getpid() -> i32;
}

fn main() {}
