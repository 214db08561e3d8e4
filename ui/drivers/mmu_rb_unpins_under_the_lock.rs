//! Law 4: with the tree's lock held a buffer can be left to the work queue, but not unpinned.

use mmu_rb::{PinPages, PinnedPage};
use nonblock::Context;
use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::sync::SpinLock;

struct MmuRbHandler<P> {
    lock: SpinLock<Vec<(Range, Vec<PinnedPage>)>>,
    pins: P,
}

impl<P: PinPages> Invalidate for MmuRbHandler<P> {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.lock.with(cx, |tree, nb| {
            for (range, pages) in tree.drain(..) {
                self.pins.unpin(&range, pages, nb);
            }
        });
        Ok(())
    }
}

fn main() {}
