//! A `const fn` cannot count sections.

use nonblock::non_block;

#[non_block]
const fn count() -> u32 {
    1
}

fn main() {
    count();
}
