//! A root's closure captures nothing that is tied to its thread: a `&dyn Fn` may be.

use nonblock::non_block;

fn each(callback: &dyn Fn(u32)) {
    non_block(|_nb| (0..4).for_each(|n| callback(n)));
}

fn main() {
    each(&|n| assert!(n < 4));
}
