//! Law 2: a callback for both callers waits for the worker to have done what was left to it.

use mmu_rb::PinnedPage;
use nonblock::Context;
use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::work::Queue;

struct MmuRbHandler {
    wq: Queue<(Range, Vec<PinnedPage>)>,
}

impl Invalidate for MmuRbHandler {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.wq.shutdown(cx);
        Ok(())
    }
}

fn main() {}
