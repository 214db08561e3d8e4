//! What the body of a function that binds a token returns is of the type that the function says.

use nonblock::may_sleep;

#[may_sleep(_cx)]
fn flush() -> u32 {
    "all of it"
}

fn main() {}
