//! Law 3: what is resident is read from files of the kernel's, which may sleep.

use nonblock::NonBlock;
use nonblock_mm::oom::{Process, ProcessError};

fn look(process: &Process, nb: &mut NonBlock) -> Result<usize, ProcessError> {
    process.resident(nb)
}

fn main() {}
