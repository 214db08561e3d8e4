//! Law 2: a callback for both callers waits for the requests that use a buffer.

use mmu_rb::Fence;
use nonblock::Context;
use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::sync::SpinLock;

struct MmuRbHandler {
    lock: SpinLock<Vec<(Range, Fence)>>,
}

impl Invalidate for MmuRbHandler {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        while let Some((_range, fence)) = self.lock.with(cx, |tree, _nb| tree.pop()) {
            fence.wait(cx);
        }
        Ok(())
    }
}

fn main() {}
