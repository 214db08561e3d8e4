//! Law 2: taking a process's memory may sleep, so it takes the token.

use nonblock_mm::oom::{Process, ProcessError};

fn release(process: &Process) -> Result<(), ProcessError> {
    process.release()
}

fn main() {}
