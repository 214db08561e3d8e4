//! Law 3: waiting for the reaper may sleep; in a section, poll.

use nonblock::NonBlock;
use nonblock_mm::oom::{Reaped, Reaping};

fn wait(reaping: Reaping, nb: &mut NonBlock) -> Reaped {
    reaping.wait(nb)
}

fn main() {}
