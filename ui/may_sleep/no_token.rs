//! `#[may_sleep]` is for functions that take the right to sleep; a function without it is told what to write.

use nonblock::may_sleep;

#[may_sleep]
fn flush(block: u64) -> bool {
    block > 0
}

fn main() {
    flush(1);
}
