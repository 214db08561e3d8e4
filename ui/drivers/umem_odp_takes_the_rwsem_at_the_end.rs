//! Law 3: the end callback runs in a section, and Linux's took the read-write lock in it.

use nonblock_mm::mmu::{InvalidateInterval, Range};
use nonblock::{Context, NonBlock};
use umem_odp::UmemOdp;

struct Region {
    umem: UmemOdp,
}

impl InvalidateInterval for Region {
    fn invalidate_interval<C: Context>(
        &self,
        _range: &Range,
        _cx: &mut C,
    ) -> Result<(), C::Refusal> {
        Ok(())
    }

    fn finish_interval(&self, _range: &Range, nb: &mut NonBlock) {
        let pages = self.umem.read(nb);
        assert_eq!(pages.npages(), 0);
    }
}

fn main() {}
