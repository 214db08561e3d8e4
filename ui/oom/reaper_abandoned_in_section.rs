//! Law 3: abandoning the reaper's victims waits for its thread; in a section, drop it or cancel them.

use nonblock::NonBlock;
use nonblock_mm::oom::Reaper;

fn exit(reaper: Reaper, nb: &mut NonBlock) {
    reaper.abandon(nb);
}

fn main() {}
