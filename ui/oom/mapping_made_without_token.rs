//! Law 2: mapping memory may sleep, so it takes the token.

use nonblock_mm::memory::{MapError, Mapping};

fn grow() -> Result<Mapping, MapError> {
    Mapping::new(1 << 20)
}

fn main() {}
