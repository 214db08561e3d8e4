//! Arguments of the attribute are separated by commas.

use nonblock::may_sleep;

#[may_sleep(cx crate = nonblock)]
fn flush() {
    let _ = cx;
}

fn main() {}
