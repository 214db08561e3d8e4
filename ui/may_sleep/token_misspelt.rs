//! The token's type is called `Sleepable`, or as it was imported.

use nonblock::may_sleep;

#[may_sleep]
fn flush(cx: &mut Slepable) {
    let _ = cx;
}

fn main() {}
