//! A parameter's lifetime is declared, whatever the attribute asks of its type.

use nonblock::non_block;

struct Hits(u32);

#[non_block]
fn count(hits: &'a mut Hits) {
    hits.0 += 1;
}

fn main() {}
