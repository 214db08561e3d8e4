//! Law 3: a section cannot make new objects.

use nonblock::{NonBlock, Reserve};

fn replace(spare: &Reserve<u64>, nb: &mut NonBlock) {
    let made = spare.refill(nb);
    assert_eq!(made, 1);
}

fn main() {}
