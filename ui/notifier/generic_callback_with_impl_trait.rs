//! A callback for both callers names its context, to name the refusal: `<C: Context>`, not `impl Context`.

use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::{Context, WouldBlock};

struct Userptr;

impl Invalidate for Userptr {
    fn invalidate(&self, _range: &Range, _cx: &mut impl Context) -> Result<(), WouldBlock> {
        Ok(())
    }
}

fn main() {}
