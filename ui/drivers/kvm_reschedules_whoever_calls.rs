//! Law 2: a callback for both callers gives the processor away without having asked whether it may.

use kvm::{Gfn, SptePage};
use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::sync::SpinLock;
use nonblock::{Context, thread};

struct Kvm {
    mmu_lock: SpinLock<Vec<(Gfn, Box<SptePage>)>>,
}

impl Invalidate for Kvm {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        while self.mmu_lock.with(cx, |table, _nb| table.pop()).is_some() {
            thread::yield_now(cx);
        }
        Ok(())
    }
}

fn main() {}
