//! Law 5: what a callback returns is its context's refusal, not `WouldBlock` for both.

use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::{Context, WouldBlock};

struct Userptr;

impl Invalidate for Userptr {
    fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), WouldBlock> {
        Ok(())
    }
}

fn main() {}
