//! What a section returns is of the type that the function says.

use nonblock::non_block;

#[non_block]
fn count() -> u32 {
    "one"
}

fn main() {}
