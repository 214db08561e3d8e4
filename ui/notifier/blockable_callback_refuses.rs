//! Law 5: the entry for callers that may sleep has no way to refuse.

use nonblock_mm::mmu::{Notifier, Range};
use nonblock::{NonBlock, Sleepable, WouldBlock};

struct Grants;

impl Notifier for Grants {
    fn invalidate_range_start(
        &self,
        _range: &Range,
        _cx: &mut Sleepable,
    ) -> Result<(), WouldBlock> {
        Err(WouldBlock)
    }

    fn invalidate_range_start_nonblock(
        &self,
        _range: &Range,
        _nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        Err(WouldBlock)
    }
}

fn main() {}
