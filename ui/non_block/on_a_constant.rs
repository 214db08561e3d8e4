//! The attribute is for functions; a closure is called in a section by the token.

use nonblock::non_block;

#[non_block]
const COUNT: fn() -> u32 = || 1;

fn main() {
    COUNT();
}
