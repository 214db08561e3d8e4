//! A function that returns a value has one on each way through its body.

use nonblock::non_block;

#[non_block]
fn count(hits: u32) -> u32 {
    if hits > 1 {
        return hits;
    }
}

fn main() {}
