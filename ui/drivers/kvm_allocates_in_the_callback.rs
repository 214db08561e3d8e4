//! Law 2: a callback for both callers allocates as one does who may sleep.

use kvm::MmuMemoryCache;
use nonblock::Context;
use nonblock_mm::mmu::{Invalidate, Range};

struct Kvm {
    cache: MmuMemoryCache,
}

impl Invalidate for Kvm {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.cache.topup(cx);
        Ok(())
    }
}

fn main() {}
