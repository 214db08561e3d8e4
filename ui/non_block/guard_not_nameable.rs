//! Law 3: the section that holds the body cannot be ended in it.

use nonblock::non_block;

#[non_block]
fn count() {
    drop(__nonblock_section);
}

fn main() {
    count();
}
