//! Between commas there is an argument.

use nonblock::may_sleep;

#[may_sleep(cx, ,)]
fn flush() {
    let _ = cx;
}

fn main() {
    flush();
}
