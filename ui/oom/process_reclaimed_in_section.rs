//! Law 3: the kernel waits for the process's memory lock; a section can kill, and leave the rest to a thread.

use nonblock::NonBlock;
use nonblock_mm::oom::{Process, ProcessError, Reclaimed};

fn reclaim(process: &Process, nb: &mut NonBlock) -> Result<Reclaimed, ProcessError> {
    process.reclaim(nb)
}

fn main() {}
