//! The attribute refuses arguments that it does not know.

use nonblock::non_block;

#[non_block(budget = "1 ms")]
fn count() {}

fn main() {
    count();
}
