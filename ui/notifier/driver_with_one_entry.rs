//! A `Notifier` has an entry for each caller: one that may sleep, and one that must not.

use nonblock::Sleepable;
use nonblock_mm::mmu::{Notifier, Range};

struct Userptr;

impl Notifier for Userptr {
    fn invalidate_range_start(&self, _range: &Range, _cx: &mut Sleepable) {}
}

fn main() {}
