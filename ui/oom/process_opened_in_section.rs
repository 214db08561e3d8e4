//! Law 3: taking hold of a process may sleep.

use nonblock::NonBlock;
use nonblock_mm::oom::{Process, ProcessError};

fn hold(pid: u32, nb: &mut NonBlock) -> Result<Process, ProcessError> {
    Process::open(pid, nb)
}

fn main() {}
