//! Law 2: waiting for the reaper may sleep, so it takes the token.

use nonblock_mm::oom::{Reaped, Reaping};

fn wait(reaping: Reaping) -> Reaped {
    reaping.wait()
}

fn main() {}
