//! Law 3: a nested section borrows the outer section's token.

use nonblock::{NonBlock, non_block};

fn count(_outer: &mut NonBlock, _inner: &mut NonBlock) {}

fn main() {
    non_block(|outer| outer.non_block(|inner| count(outer, inner)));
}
