//! Law 1: a token cannot be leaked into a loan that never ends.

use nonblock::NonBlock;

fn keep(nb: &mut NonBlock) -> &'static mut NonBlock {
    let leaked: &'static mut &mut NonBlock = Box::leak(Box::new(nb));
    leaked
}

fn main() {}
