//! The name of the token stands without quotes.

use nonblock::may_sleep;

#[may_sleep("cx")]
fn flush() {}

fn main() {
    flush();
}
