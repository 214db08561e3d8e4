//! A driver whose two entries have nothing in common implements `Notifier`.
#![deny(warnings)]

use std::sync::Arc;
use std::time::Duration;

use nonblock_mm::mmu::{AddressSpace, Event, Notifier, Range};
use nonblock::{NonBlock, Sleepable, WouldBlock, sleepable, thread};

struct Grants;

impl Notifier for Grants {
    fn invalidate_range_start(&self, _range: &Range, cx: &mut Sleepable) {
        thread::sleep(cx, Duration::from_micros(1));
    }

    fn invalidate_range_start_nonblock(
        &self,
        _range: &Range,
        _nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        Err(WouldBlock)
    }
}

fn main() {
    let range = Range::with_len(0x1000, 0x1000).unwrap();
    let space = AddressSpace::new();
    sleepable(|cx| {
        let subscription = space.subscribe(Arc::new(Grants), cx).unwrap();
        assert!(space.try_invalidate(range, Event::Unmap, cx).is_err());
        drop(space.invalidate(range, Event::Unmap, cx));
        subscription.unsubscribe(cx);
        space.release(cx);
    });
}
