//! A reaper shares the memory that it takes: it takes an `Arc` of it.

use std::sync::Arc;

use nonblock_mm::memory::Mm;
use nonblock_mm::oom::{Reaper, Reaping};

fn kill(reaper: &Reaper, victim: &Arc<Mm>) -> Reaping {
    reaper.reap(victim)
}

fn main() {}
