//! Law 3: the entry for callers that must not sleep cannot call the other one.

use nonblock_mm::mmu::{Notifier, Range};
use nonblock::{NonBlock, Sleepable, WouldBlock};

struct Grants;

impl Notifier for Grants {
    fn invalidate_range_start(&self, _range: &Range, _cx: &mut Sleepable) {}

    fn invalidate_range_start_nonblock(
        &self,
        range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.invalidate_range_start(range, nb);
        Ok(())
    }
}

fn main() {}
