//! Law 2: a callback for both callers has no right to sleep until it has asked for it.

use std::time::Duration;

use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::{Context, thread};

struct Grants;

impl Invalidate for Grants {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        thread::sleep(cx, Duration::from_millis(1));
        Ok(())
    }
}

fn main() {}
