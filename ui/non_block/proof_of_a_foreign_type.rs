//! Types decide: a type of the same name is no proof.

use nonblock::non_block;

struct NonBlock;

#[non_block]
fn count(_nb: &NonBlock) {}

fn main() {
    count(&NonBlock);
}
