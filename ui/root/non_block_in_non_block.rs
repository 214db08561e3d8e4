//! Law 3: where a `NonBlock` is in scope, its own section is the one to nest.

use nonblock::{NonBlock, non_block};

fn count(_nb: &mut NonBlock) {}

fn main() {
    non_block(|outer| non_block(|_inner| count(outer)));
}
