//! Law 5: a section may be refused, and must say what then.

use nonblock::{NonBlock, Reserve};

fn prepare(spare: &Reserve<u64>, nb: &mut NonBlock) -> u64 {
    let Ok(taken) = spare.take_from(nb);
    *taken
}

fn main() {}
