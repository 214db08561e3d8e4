//! Law 1: a token has no default value.

use nonblock::NonBlock;

fn main() {
    let _nb = NonBlock::default();
}
