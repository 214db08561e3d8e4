//! Law 4: the memory lock may be held by who waits for memory; a section only tries it.

use nonblock::NonBlock;
use nonblock_mm::memory::Mm;

fn reap(mm: &Mm, nb: &mut NonBlock) -> usize {
    mm.lock(nb).mappings().len()
}

fn main() {}
