//! What both tokens have is of the trait `Context`, which must be in scope.

use nonblock::{NonBlock, Sleepable};

fn right_to_sleep(nb: &mut NonBlock) -> Option<&mut Sleepable> {
    nb.or_refuse().ok()
}

fn main() {}
