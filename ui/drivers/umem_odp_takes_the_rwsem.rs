//! Law 4: a writer of the read-write lock may be waiting, so a section only tries to read as well.

use nonblock::Context;
use nonblock_mm::mmu::{InvalidateInterval, Range};
use umem_odp::UmemOdp;

struct Region {
    umem: UmemOdp,
}

impl InvalidateInterval for Region {
    fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let pages = self.umem.read(cx);
        if pages.meets(range) { cx.or_refuse().map(drop) } else { Ok(()) }
    }
}

fn main() {}
