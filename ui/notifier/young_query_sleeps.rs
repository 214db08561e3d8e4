//! Law 3: what asks for the pages that were used holds the page table's lock.

use std::time::Duration;

use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::{Context, NonBlock, thread};

struct Guest;

impl Invalidate for Guest {
    fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }

    fn is_young(&self, _address: usize, nb: &mut NonBlock) -> bool {
        thread::sleep(nb, Duration::from_millis(1));
        true
    }
}

fn main() {}
