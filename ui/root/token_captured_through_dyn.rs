//! Law 3: a callback that might have captured a token cannot be called in a root.

use nonblock::non_block;

fn run(callback: &mut dyn FnMut()) {
    non_block(|_| callback());
}

fn main() {}
