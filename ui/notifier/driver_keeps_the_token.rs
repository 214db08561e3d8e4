//! Law 1: a driver cannot keep the token that a callback was lent.

use nonblock_mm::mmu::{Notifier, Range};
use nonblock::{NonBlock, Sleepable, WouldBlock, sync::SpinLock};

enum Slot {
    Kept(&'static mut Sleepable),
    Empty,
}

struct Userptr {
    token: SpinLock<Slot>,
}

impl Notifier for Userptr {
    fn invalidate_range_start(&self, _range: &Range, _cx: &mut Sleepable) {}

    fn invalidate_range_start_nonblock(
        &self,
        _range: &Range,
        nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        *self.token.lock(nb) = Slot::Empty;
        Ok(())
    }
}

fn main() {}
