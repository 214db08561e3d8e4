//! What became of a victim is learnt by waiting for it.
#![deny(unused_must_use)]

use std::sync::Arc;

use nonblock_mm::memory::Mm;
use nonblock_mm::oom::Reaper;

fn kill(reaper: &Reaper, victim: Arc<Mm>) {
    reaper.reap(victim);
}

fn main() {}
