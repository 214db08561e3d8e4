//! The token needs a name of its own.

use nonblock::may_sleep;

#[may_sleep(cx)]
fn flush(cx: u64) -> u64 {
    cx
}

fn main() {
    flush(1);
}
