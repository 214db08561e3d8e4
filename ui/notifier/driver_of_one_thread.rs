//! Invalidations come from any thread, so a driver must be `Sync`.

use std::cell::Cell;

use nonblock::Context;
use nonblock_mm::mmu::{Invalidate, Range};

struct Userptr {
    calls: Cell<u32>,
}

impl Invalidate for Userptr {
    fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
        self.calls.set(self.calls.get() + 1);
        Ok(())
    }
}

fn main() {}
