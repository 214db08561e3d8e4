// SPDX-License-Identifier: MIT OR Apache-2.0
//! The typed twin of `untyped`: its table is behind a `Mutex` of the library's, which a section cannot lock. So it does not
//! compile, and it is not meant to.

use nonblock::{NonBlock, Sleepable, WouldBlock};
use nonblock_linux::mmu::{Notifier, Range};
use nonblock_linux::sync::Mutex;

/// A driver with a table.
pub struct TypedTwin {
    table: Mutex<u64>,
}

impl Notifier for TypedTwin {
    fn invalidate_range_start(&self, _range: &Range, cx: &mut Sleepable) {
        *self.table.lock(cx) = 0;
    }

    fn invalidate_range_start_nonblock(
        &self,
        _range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        *self.table.lock(nb) = 0; // the fault: it may sleep here
        Ok(())
    }
}
