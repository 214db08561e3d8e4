//! The proof of a section is a parameter of its own.

use nonblock::{NonBlock, non_block};

#[non_block]
fn count(_nb: Option<&NonBlock>) {}

fn main() {
    count(None);
}
