//! What became of a victim is learnt by waiting for it.
#![deny(unused_must_use)]

use std::sync::Arc;

use nonblock::memory::Mm;
use nonblock::oom::Reaper;

fn kill(reaper: &Reaper, victim: Arc<Mm>) {
    reaper.reap(victim);
}

fn main() {}
