//! Law 3: touching memory may wait for memory, which is what a section must not.

use nonblock::NonBlock;
use nonblock_mm::memory::Mapping;

fn fill(mapping: &Mapping, nb: &mut NonBlock) {
    mapping.touch(nb);
}

fn main() {}
