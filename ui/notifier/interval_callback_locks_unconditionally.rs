//! Law 4: an interval's callback for both callers acquires a sleeping lock; only one of them can wait for it.

use nonblock_mm::mmu::{InvalidateInterval, Range};
use nonblock::{Context, sync::Mutex};

struct Region {
    pages: Mutex<Vec<usize>>,
}

impl InvalidateInterval for Region {
    fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.pages.lock(cx).retain(|page| !range.contains(*page));
        Ok(())
    }
}

fn main() {}
