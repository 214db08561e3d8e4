//! Law 2: waiting for the reaper takes the right to sleep.

use nonblock::oom::{Reaped, Reaping};

fn finish(reaping: Reaping) -> Reaped {
    reaping.wait()
}

fn main() {}
