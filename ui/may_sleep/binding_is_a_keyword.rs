//! A keyword cannot name the token.

use nonblock::may_sleep;

#[may_sleep(self)]
fn flush() {}

fn main() {
    flush();
}
