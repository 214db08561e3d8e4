//! The right to sleep is a parameter of its own: whether a function sleeps is no matter of a value.

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
fn flush(_cx: Option<&mut Sleepable>) {}

fn main() {
    flush(None);
}
