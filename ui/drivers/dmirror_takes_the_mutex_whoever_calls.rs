//! A callback for both callers only asks for what both may do: it refuses where it cannot wait.

use nonblock::Context;
use nonblock_linux::mmu::{InvalidateInterval, Page, Range};
use nonblock_linux::sync::Mutex;

struct Dmirror {
    table: Mutex<Vec<Option<Page>>>,
}

impl InvalidateInterval for Dmirror {
    fn invalidate_interval<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.table.lock(cx).clear();
        Ok(())
    }
}

fn main() {}
