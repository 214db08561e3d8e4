//! The body of a section uses its arguments as any body does.

use nonblock::non_block;

#[non_block]
fn count(names: Vec<String>) -> usize {
    drop(names);
    names.len()
}

fn main() {}
