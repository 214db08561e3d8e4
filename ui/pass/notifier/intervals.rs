//! A driver of one range, with both entries of its own, and the protocol in a section and out of it.
#![deny(warnings)]

use std::sync::Arc;
use std::time::Duration;

use nonblock_mm::mmu::{AddressSpace, Event, IntervalNotifier, Range};
use nonblock::{NonBlock, Sleepable, WouldBlock, sleepable, thread};

struct Region;

impl IntervalNotifier for Region {
    fn invalidate_interval_start(&self, _range: &Range, cx: &mut Sleepable) {
        thread::sleep(cx, Duration::from_micros(1));
    }

    fn invalidate_interval_start_nonblock(
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
        let subscription = space.subscribe_interval(range, Arc::new(Region), cx).unwrap();
        let seq = subscription.read_begin(cx);
        cx.non_block(|nb| {
            assert_eq!(subscription.try_read_begin(), Some(seq));
            assert!(space.try_invalidate(range, Event::Unmap, nb).is_err());
            assert!(subscription.read_retry(seq));
        });
        drop(space.invalidate(range, Event::Unmap, cx));
        subscription.unsubscribe(cx);
    });
}
