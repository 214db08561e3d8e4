//! Law 3: mapping memory waits for the process's memory lock in the kernel.

use nonblock::NonBlock;
use nonblock_mm::memory::{MapError, Mapping};

fn grow(nb: &mut NonBlock) -> Result<Mapping, MapError> {
    Mapping::new(1 << 20, nb)
}

fn main() {}
