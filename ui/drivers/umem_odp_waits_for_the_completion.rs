//! Law 2: a callback for both callers waits for other invalidations, which is for one of them only.

use nonblock::Context;
use nonblock_mm::mmu::{InvalidateInterval, Range};
use umem_odp::UmemOdp;

struct Region {
    umem: UmemOdp,
}

impl InvalidateInterval for Region {
    fn invalidate_interval<C: Context>(
        &self,
        _range: &Range,
        cx: &mut C,
    ) -> Result<(), C::Refusal> {
        self.umem.wait_for_notifiers(cx);
        Ok(())
    }
}

fn main() {}
