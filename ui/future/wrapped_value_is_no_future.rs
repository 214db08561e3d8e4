//! Only a future has polls.

use nonblock::future::NonBlockExt as _;

fn main() {
    let _task = 7_u32.non_block();
}
