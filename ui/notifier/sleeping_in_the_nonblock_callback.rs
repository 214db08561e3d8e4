//! Law 3: the entry for callers that must not sleep cannot sleep.

use std::time::Duration;

use nonblock_mm::mmu::{Notifier, Range};
use nonblock::{NonBlock, Sleepable, WouldBlock, thread};

struct Grants;

impl Notifier for Grants {
    fn invalidate_range_start(&self, _range: &Range, cx: &mut Sleepable) {
        thread::sleep(cx, Duration::from_millis(1));
    }

    fn invalidate_range_start_nonblock(
        &self,
        _range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        thread::sleep(nb, Duration::from_millis(1));
        Ok(())
    }
}

fn main() {}
