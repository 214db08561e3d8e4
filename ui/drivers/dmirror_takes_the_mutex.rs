//! Law 4: a job of the device holds the table while it sleeps, so a section only tries its lock, in the kernel too.

use nonblock::{NonBlock, Sleepable, WouldBlock};
use nonblock_linux::mmu::{IntervalNotifier, Page, Range};
use nonblock_linux::sync::Mutex;

struct Dmirror {
    table: Mutex<Vec<Option<Page>>>,
}

impl IntervalNotifier for Dmirror {
    fn invalidate_interval_start(&self, _range: &Range, cx: &mut Sleepable) {
        self.table.lock(cx).clear();
    }

    fn invalidate_interval_start_nonblock(
        &self,
        _range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.table.lock(nb).clear();
        Ok(())
    }
}

fn main() {}
