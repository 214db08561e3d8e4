//! `_` names nothing.

use nonblock::may_sleep;

#[may_sleep(_)]
fn flush() {}

fn main() {
    flush();
}
